namespace WatchHub.Feed.Core.Keys;

/// <summary>A change as a watch shows it.</summary>
public sealed record KeyChange(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, bool IsDelete, long Revision, long CreateRevision, long Version, long Lease)
{
    /// <summary>Bytes of key and value.</summary>
    public int Bytes => Key.Length + Value.Length;
}
