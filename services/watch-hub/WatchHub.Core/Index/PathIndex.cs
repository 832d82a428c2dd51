using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.Index;

/// <summary>
/// v2: watches of a node, and of a node and all below it (range end "\0"). An event is found by walking up its path; a removed
/// directory also wakes every watch of what was in it.
/// </summary>
/// <remarks>
/// etcd v2 sends a node's removal twice to a stream watcher of that very node. Here it comes once (I6).
/// </remarks>
internal sealed class PathIndex : IWatchIndex
{
    private readonly HubDefects _defects;
    private readonly Dictionary<byte[], Place> _places = new(KeyBytesComparer.Instance);
    private readonly Dictionary<byte[], Place>.AlternateLookup<ReadOnlySpan<byte>> _placesBySpan;
    private readonly SortedSet<byte[]> _paths = new(KeyBytesComparer.Instance);

    public PathIndex(HubDefects defects = HubDefects.None) => (_defects, _placesBySpan) = (defects, _places.GetAlternateLookup<ReadOnlySpan<byte>>());

    public WatchGroup Join(WatchSpec spec)
    {
        var shape = GroupShapes.Of(spec);
        if (!_placesBySpan.TryGetValue(spec.Key.Span, out var place))
        {
            place = new Place(spec.Key.ToArray());
            _places.Add(place.Path, place);
            _paths.Add(place.Path);
        }
        ref var chain = ref place.Chain(recursive: !spec.RangeEnd.IsEmpty);
        var group = GroupChain.Find(chain, shape);
        if (group is null)
        {
            group = new WatchGroup(place.Path, spec.RangeEnd.ToArray(), shape) { Sibling = chain };
            chain = group;
        }
        group.Watchers++;
        return group;
    }

    public void Leave(WatchGroup group)
    {
        if (--group.Watchers > 0)
            return;
        var place = _places[group.Key];
        ref var chain = ref place.Chain(group.RangeEnd.Length > 0);
        chain = GroupChain.Remove(chain, group);
        if (place.IsEmpty)
        {
            _places.Remove(place.Path);
            _paths.Remove(place.Path);
        }
    }

    public void Match(in FeedEvent candidate, List<WatchGroup> into)
    {
        var path = candidate.Key.Span;
        if (_placesBySpan.TryGetValue(path, out var place))
            place.Collect(candidate.Kind, into);
        CollectAncestors(path, candidate.Kind, into);
        if (PathRules.RemovesDirectory(candidate.Kind) && !_defects.HasFlag(HubDefects.RemovalsStayAbove))
            CollectBelow(path, candidate, into);
    }

    public bool Matches(WatchGroup group, in FeedEvent candidate, bool live) =>
        group.Wants(candidate.Kind)
        && PathRules.Matches(group.Key, group.RangeEnd.Length > 0, candidate.Key.Span, candidate.Kind, candidate.Removed, live);

    private void CollectAncestors(ReadOnlySpan<byte> path, FeedEventKind kind, List<WatchGroup> into)
    {
        for (var end = path.Length; end > 1;)
        {
            var slash = path[..end].LastIndexOf((byte)'/');
            // A hidden component hides everything from all the watchers above it.
            if (slash < 0 || (slash + 1 < end && path[slash + 1] == (byte)'_' && (end == path.Length || !_defects.HasFlag(HubDefects.HiddenDirectoriesShow))))
                return;
            var ancestor = slash == 0 ? path[..1] : path[..slash];
            if (_placesBySpan.TryGetValue(ancestor, out var place))
                GroupChain.Collect(place.Recursive, kind, into);
            end = slash;
        }
    }

    // Both the watched paths and those that were removed are in byte order.
    private void CollectBelow(ReadOnlySpan<byte> path, in FeedEvent candidate, List<WatchGroup> into)
    {
        byte[] lower = [.. path, (byte)'/'];
        byte[] upper = [.. path, (byte)'/' + 1];
        var cursor = new RemovedPaths.Cursor(candidate.Removed is null ? default : candidate.Removed.Encoded.Span);
        var isAtEnd = false;
        foreach (var below in _paths.GetViewBetween(lower, upper))
        {
            if (below.Length <= lower.Length || !below.AsSpan().StartsWith(lower))
                continue;
            var watched = below.AsSpan(lower.Length);
            while (candidate.Removed is not null && !isAtEnd && cursor.Current.SequenceCompareTo(watched) < 0)
                isAtEnd = !cursor.MoveNext();
            if (candidate.Removed is null || (!isAtEnd && cursor.Current.SequenceEqual(watched)))
                _places[below].Collect(candidate.Kind, into);
        }
    }

    /// <summary>The groups at one path.</summary>
    private sealed class Place(byte[] path)
    {
        private WatchGroup? _node;
        private WatchGroup? _recursive;

        public byte[] Path { get; } = path;
        public WatchGroup? Recursive => _recursive;
        public bool IsEmpty => _node is null && _recursive is null;

        public ref WatchGroup? Chain(bool recursive) => ref recursive ? ref _recursive : ref _node;

        public void Collect(FeedEventKind kind, List<WatchGroup> into)
        {
            GroupChain.Collect(_node, kind, into);
            GroupChain.Collect(_recursive, kind, into);
        }
    }
}
