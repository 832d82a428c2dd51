using WatchHub.Core.Watchers;

namespace WatchHub.Core.Index;

/// <summary>Groups by their key, looked up by span.</summary>
internal sealed class GroupKeyComparer : IEqualityComparer<WatchGroup>, IAlternateEqualityComparer<ReadOnlySpan<byte>, WatchGroup>
{
    public static readonly GroupKeyComparer Instance = new();

    public bool Equals(WatchGroup? x, WatchGroup? y) => x!.Key.AsSpan().SequenceEqual(y!.Key);

    public int GetHashCode(WatchGroup obj) => KeyBytesComparer.Instance.GetHashCode(obj.Key);

    public bool Equals(ReadOnlySpan<byte> alternate, WatchGroup other) => alternate.SequenceEqual(other.Key);

    public int GetHashCode(ReadOnlySpan<byte> alternate) => KeyBytesComparer.Instance.GetHashCode(alternate);

    /// <summary>Sets that hold groups are only asked, not added to, by span.</summary>
    public WatchGroup Create(ReadOnlySpan<byte> alternate) => throw new NotSupportedException("a group is more than its key");
}
