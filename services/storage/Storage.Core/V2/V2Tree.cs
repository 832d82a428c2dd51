using System.Buffers.Binary;
using System.Text;
using Storage.Contracts;
using Storage.Core.History;
using Storage.Core.Ordered;
using Storage.Core.Reads;
using Storage.Core.Tree;

namespace Storage.Core.V2;

/// <summary>
/// The v2 tree: nodes by path, deadlines, events. Single owner. Every successful change takes the next v2 index and makes one event.
/// </summary>
public sealed partial class V2Tree(ITree tree, long initialIndex)
{
    /// <summary>Events kept in the store. etcd keeps 1,000; a watcher that resumes here has a hundred times longer.</summary>
    public const int EventsKept = 100_000;

    private readonly CowMap<V2Node> _nodes = new();
    private readonly SortedSet<(long Deadline, long Id, string Path)> _deadlines = [];
    private NumberedLog<V2Event> _recent = new(initialIndex + 1);
    private long _firstIndex = initialIndex + 1;

    /// <summary>Hears of every event: the node as it is then, what was in its place before, what happened, and the span that did it.</summary>
    internal Action<V2Node, V2Node?, FeedEventKind, ApplySpan?>? OnEvent { get; set; }

    /// <summary>Index of the newest event.</summary>
    public long Index { get; private set; } = initialIndex;

    /// <summary>Index that a fresh store starts from; the first event is the one after it.</summary>
    public long InitialIndex => _firstIndex - 1;

    /// <summary>Ids given to nodes so far.</summary>
    public long LastNodeId { get; private set; }

    private long FirstEvent => Index - EventsKept >= _firstIndex ? Index - EventsKept + 1 : 1;

    /// <summary>Forgets recent events beyond the bounds, as far as a completed commit holds them.</summary>
    public void TrimRecent(long committedIndex, int maxEvents, long maxBytes) => _recent.Trim(committedIndex + 1, maxEvents, maxBytes);

    /// <summary>What readers see from here on.</summary>
    public V2View Freeze() => new(
        _nodes.Freeze(), _recent.View(), Index, InitialIndex, FirstEvent, _deadlines.Count == 0 ? null : _deadlines.Min.Deadline);

    /// <summary>Nothing was ever done to it.</summary>
    public bool IsUntouched => Index == InitialIndex && LastNodeId == 0;

    /// <summary>The cluster begins here, with this index.</summary>
    public void Begin(long initialIndex)
    {
        Invariant.Holds(IsUntouched);
        EndLoad(initialIndex, initialIndex, 0);
    }

    /// <summary>Takes over a stored node at start.</summary>
    public void Load(V2Node node)
    {
        _nodes.Set(V2Path.Key(node.Path), node);
        if (node.ExpiresAtUnixNanos is { } deadline)
            _deadlines.Add((deadline, node.Id, node.Path));
    }

    /// <summary>Ends loading.</summary>
    public void EndLoad(long initialIndex, long index, long lastNodeId)
    {
        _firstIndex = initialIndex + 1;
        Index = index;
        LastNodeId = lastNodeId;
        _recent = new NumberedLog<V2Event>(index + 1);
    }

    private V2Node? Find(string path, out V2Error? error) => _nodes.Peek().Find(path, out error);

    // Inserts a node, or replaces the one with the same path.
    private void Store(V2Node node, V2Node? previous)
    {
        if (previous?.ExpiresAtUnixNanos is { } old)
            _deadlines.Remove((old, previous.Id, previous.Path));
        if (node.ExpiresAtUnixNanos is { } deadline)
            _deadlines.Add((deadline, node.Id, node.Path));
        _nodes.Set(V2Path.Key(node.Path), node);
        Span<byte> key = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, node.Id);
        tree.Put(TableId.V2Nodes, key, node.Encode());
    }

    // Removes a node with everything below it; says what that was, of a directory.
    private RemovedPaths? RemoveSubtree(V2Node node)
    {
        RemovedPaths? removed = null;
        if (node.IsDirectory)
        {
            var paths = new List<byte[]>();
            for (var level = 1; _nodes.Peek().Below(node.Path, level) is { Count: > 0 } below; level++)
            {
                foreach (var descendant in below)
                {
                    RemoveNode(descendant);
                    // One more than a list holds says that there is none.
                    if (paths.Count <= RemovedPaths.MostPaths)
                        paths.Add(Encoding.UTF8.GetBytes(descendant.Path, node.Path.Length + 1, descendant.Path.Length - node.Path.Length - 1));
                }
            }
            removed = RemovedPaths.Of(paths);
        }
        RemoveNode(node);
        return removed;
    }

    private void RemoveNode(V2Node node)
    {
        if (node.ExpiresAtUnixNanos is { } deadline)
            _deadlines.Remove((deadline, node.Id, node.Path));
        Invariant.Holds(_nodes.Remove(V2Path.Key(node.Path)));
        Span<byte> key = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, node.Id);
        tree.Delete(TableId.V2Nodes, key);
    }

    // Takes the next index for an event, encodes it once and stores it.
    private byte[] Emit(string action, V2Node node, V2Node? previous, FeedEventKind kind, long nowUnixNanos, ApplySpan? span, RemovedPaths? removedPaths = null)
    {
        Index++;
        var removed = kind.HasFlag(FeedEventKind.Delete);
        var json = new BodyBuffer();
        V2Json.Begin(json, action);
        V2Json.Member(json, "node"u8, removed ? node with { ExpiresAtUnixNanos = null } : node, withValue: !removed, nowUnixNanos);
        if (previous is not null)
            V2Json.Member(json, "prevNode"u8, previous, withValue: true, nowUnixNanos);
        V2Json.End(json);

        if (node.IsDirectory)
            kind |= FeedEventKind.Directory;
        if (V2Internal.Contains(node.Path))
            kind |= FeedEventKind.Silent;
        var change = new V2Event(Encoding.UTF8.GetBytes(node.Path), kind, json.Written.ToArray(), span, removedPaths);
        _recent.Append(change, change.Bytes);
        Span<byte> key = stackalloc byte[8];
        V2Event.WriteKey(key, Index);
        tree.Put(TableId.V2Events, key, change.Encode());
        var outdated = Index - EventsKept;
        if (outdated >= _firstIndex)
        {
            V2Event.WriteKey(key, outdated);
            tree.Delete(TableId.V2Events, key);
        }
        OnEvent?.Invoke(node, previous, kind, span);
        return change.Json;
    }
}
