using System.Text;
using Storage.Core.Mapping;
using Storage.Core.Tree;
using Storage.Core.V2;

namespace Storage.Core.Checks;

/// <summary>What a check of a data file saw of v2 keys that are v3 keys.</summary>
/// <param name="Prefix">Of the keys, with a slash at its end.</param>
/// <param name="Files">How many there are.</param>
/// <param name="Different">A v3 key that is only on one side, or not the same on both; null: there is none.</param>
public sealed record MappingCheck(string Prefix, long Files, string? Different)
{
    /// <summary>Of the last commit of a file that is not in use and whose pages are sound; null when nothing is mapped.</summary>
    public static MappingCheck? Examine(IPageDevice device)
    {
        using var snapshot = CopyOnWriteTree.OpenUnused(device);
        return Examine(snapshot);
    }

    internal static MappingCheck? Examine(ITreeSnapshot snapshot)
    {
        if (!snapshot.TryGet(TableId.Meta, KeyMapping.RowKey, out var stored))
            return null;
        var prefix = Encoding.UTF8.GetString(stored);
        var both = new MappedComparison(new MappedKeys(prefix[..^1]));
        for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext();)
        {
            row.ReadRow(out var key, out var value);
            both.LookAtRevision(key, value);
        }
        for (var row = snapshot.Seek(TableId.V2Nodes, []); row.MoveNext();)
            both.LookAtNode(V2Node.Decode(row.Key, row.Value));
        return new MappingCheck(prefix, both.Files, both.Different);
    }
}
