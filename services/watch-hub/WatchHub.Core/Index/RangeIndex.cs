using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.Index;

/// <summary>v3: single keys in a hash map, ranges, prefixes and "from key on" in an interval tree.</summary>
internal sealed class RangeIndex : IWatchIndex
{
    // The first of each key's groups.
    private readonly HashSet<WatchGroup> _keys = new(GroupKeyComparer.Instance);
    private readonly HashSet<WatchGroup>.AlternateLookup<ReadOnlySpan<byte>> _keysBySpan;
    private readonly IntervalTree _intervals = new();

    public RangeIndex() => _keysBySpan = _keys.GetAlternateLookup<ReadOnlySpan<byte>>();

    public WatchGroup Join(WatchSpec spec)
    {
        var shape = GroupShapes.Of(spec);
        WatchGroup? head;
        if (spec.RangeEnd.IsEmpty)
            _keysBySpan.TryGetValue(spec.Key.Span, out head);
        else
            head = _intervals.Find(spec.Key.Span, spec.RangeEnd.Span);
        var group = GroupChain.Find(head, shape) ?? Add(spec, shape, head);
        group.Watchers++;
        return group;
    }

    public void Leave(WatchGroup group)
    {
        if (--group.Watchers > 0)
            return;
        if (group.RangeEnd.Length > 0)
        {
            _intervals.Remove(group);
            return;
        }
        _keys.TryGetValue(group, out var head);
        var left = GroupChain.Remove(head, group);
        if (left == head)
            return;
        _keys.Remove(group);
        if (left is not null)
            _keys.Add(left);
    }

    public void Match(in FeedEvent candidate, List<WatchGroup> into)
    {
        if (_keysBySpan.TryGetValue(candidate.Key.Span, out var head))
            GroupChain.Collect(head, candidate.Kind, into);
        _intervals.Stab(candidate.Key.Span, candidate.Kind, into);
    }

    public bool Matches(WatchGroup group, in FeedEvent candidate, bool live)
    {
        var key = candidate.Key.Span;
        return group.Wants(candidate.Kind) && group.RangeEnd switch
        {
            [] => key.SequenceEqual(group.Key),
            [0] => key.SequenceCompareTo(group.Key) >= 0,
            _ => key.SequenceCompareTo(group.Key) >= 0 && key.SequenceCompareTo(group.RangeEnd) < 0,
        };
    }

    private WatchGroup Add(WatchSpec spec, GroupShape shape, WatchGroup? head)
    {
        var group = new WatchGroup(head?.Key ?? KeyBytes.Of(spec.Key), head?.RangeEnd ?? KeyBytes.Of(spec.RangeEnd), shape);
        if (group.RangeEnd.Length > 0)
        {
            _intervals.Add(group);
        }
        else
        {
            group.Sibling = head;
            _keys.Remove(group);
            _keys.Add(group);
        }
        return group;
    }
}
