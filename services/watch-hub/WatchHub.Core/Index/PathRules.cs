using Storage.Contracts;

namespace WatchHub.Core.Index;

/// <summary>When a v2 event concerns a watched path. Paths are clean: they begin with '/' and end without, the root apart.</summary>
internal static class PathRules
{
    /// <summary>True for a deleted or expired directory.</summary>
    public static bool RemovesDirectory(FeedEventKind kind) =>
        (kind & (FeedEventKind.Delete | FeedEventKind.Directory)) == (FeedEventKind.Delete | FeedEventKind.Directory);

    /// <summary>
    /// True when a watch of <paramref name="watched"/> hears of an event at <paramref name="path"/>. In history, and there alone, nothing is hidden, and a removed directory is above whatever
    /// begins with the same bytes, whether it was there or not: etcd compares strings there. Live, it is told of by each node that goes with it.
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> watched, bool recursive, ReadOnlySpan<byte> path, FeedEventKind kind, RemovedPaths? removed, bool live)
    {
        if (path.SequenceEqual(watched))
            return true;
        if (recursive && IsBelow(path, watched))
            return !(live && IsHidden(path[(watched is [_] ? 0 : watched.Length)..]));
        return RemovesDirectory(kind) && (live ? IsBelow(watched, path) && removed?.Contains(watched[(path.Length + 1)..]) != false : watched.StartsWith(path));
    }

    private static bool IsBelow(ReadOnlySpan<byte> path, ReadOnlySpan<byte> ancestor) =>
        ancestor is [(byte)'/']
            ? path.Length > 1
            : path.Length > ancestor.Length && path.StartsWith(ancestor) && path[ancestor.Length] == (byte)'/';

    private static bool IsHidden(ReadOnlySpan<byte> below) => below.IndexOf("/_"u8) >= 0;
}
