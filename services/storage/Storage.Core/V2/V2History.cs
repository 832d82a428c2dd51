using System.Text;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.V2;

/// <summary>Reads v2 events by index: the recent ones from memory, what is older from the tree.</summary>
public static class V2History
{
    private const int MaxEventsScanned = 10_000;

    /// <summary>Which events are wanted.</summary>
    public enum Scope
    {
        /// <summary>All, refreshes included: the feed.</summary>
        Everything,
        /// <summary>Those that a watcher of one node gets.</summary>
        Node,
        /// <summary>Those that a watcher of a node and all below it gets.</summary>
        Subtree,
    }

    /// <summary>The events of [<paramref name="from"/>, <paramref name="to"/>), about <paramref name="maxBytes"/> of them.</summary>
    public static HistoryBatch Read(PublishedState state, string path, Scope scope, long from, long to, int maxBytes)
    {
        while (true)
        {
            var view = state.Current;
            if (from < view.V2.FirstEvent)
                return new HistoryBatch([], from, view.V2.FirstEvent);
            if (TryRead(view, path, scope, from, Math.Min(to, view.V2.Index + 1), maxBytes) is { } batch)
                return batch;
            // An event was trimmed between the view and the snapshot: the newest view says so.
            if (state.Current == view)
                throw new RecordLostException($"v2 events from {from}");
        }
    }

    private static HistoryBatch? TryRead(StateView view, string path, Scope scope, long from, long to, int maxBytes)
    {
        var found = new List<RevisionEvents>();
        // What the cluster's own registration took has an index and no event.
        var next = Math.Max(from, view.V2.InitialIndex + 1);
        using var snapshot = next < Math.Min(to, view.V2.Recent.First) ? view.Tree.OpenSnapshot() : null;
        Span<byte> key = stackalloc byte[8];
        for (var bytes = 0; next < to && bytes < maxBytes && next - from < MaxEventsScanned; next++)
        {
            V2Event change;
            if (view.V2.Recent.Holds(next))
            {
                change = view.V2.Recent[next];
            }
            else
            {
                V2Event.WriteKey(key, next);
                if (!snapshot!.TryGet(TableId.V2Events, key, out var record))
                    return null;
                change = V2Event.Decode(record);
            }
            if (!Matches(change, path, scope))
                continue;
            bytes += change.Bytes;
            found.Add(new RevisionEvents(next, [change.ToFeedEvent()], change.Span?.Context ?? default));
        }
        return new HistoryBatch(found, next, 0);
    }

    private static bool Matches(V2Event change, string path, Scope scope)
    {
        if (scope == Scope.Everything)
            return true;
        if (change.Kind.HasFlag(FeedEventKind.Silent))
            return false;
        var changed = Encoding.UTF8.GetString(change.Path);
        if (changed == path || (scope == Scope.Subtree && IsBelow(changed, path)))
            return true;
        // A directory that goes takes the watched node with it. etcd compares the strings, and so takes whatever begins like it for a node below; a hub makes of it what it needs.
        return change.Kind.HasFlag(FeedEventKind.Delete | FeedEventKind.Directory) && path.StartsWith(changed, StringComparison.Ordinal);
    }

    private static bool IsBelow(string path, string directory) =>
        directory == V2Path.Root ? path != directory : path.StartsWith(directory, StringComparison.Ordinal) && path.Length > directory.Length && path[directory.Length] == '/';
}
