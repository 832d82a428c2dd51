using Storage.Core.Tree;

namespace Storage.Core.State;

/// <summary>
/// The newest configuration entry that was applied, in the log's own form: who the members were as of the applied index. Storage makes nothing of it, but a
/// database that leaves the cluster says it.
/// </summary>
internal static class ConfigurationRecord
{
    private static ReadOnlySpan<byte> Key => "configuration"u8;

    public static void Save(ITree tree, ReadOnlySpan<byte> configuration) => tree.Put(TableId.Meta, Key, configuration);

    /// <summary>False when no entry of the kind was applied, or none since this is kept.</summary>
    public static bool TryLoad(ITreeSnapshot snapshot, out ReadOnlySpan<byte> configuration) =>
        snapshot.TryGet(TableId.Meta, Key, out configuration);
}
