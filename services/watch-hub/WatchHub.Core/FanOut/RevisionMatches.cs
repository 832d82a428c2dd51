using System.Runtime.InteropServices;
using Storage.Contracts;
using WatchHub.Core.Index;
using WatchHub.Core.Watchers;

namespace WatchHub.Core.FanOut;

/// <summary>
/// Which groups hear of which events of one revision, and those events encoded, once for all groups that hear of the same ones in the
/// same form. Reused from revision to revision.
/// </summary>
internal sealed class RevisionMatches
{
    // Subsets of more events than a mask holds are encoded per group; a transaction that large is rare (etcd allows 128 operations).
    private const int MaskBits = 64;

    private readonly List<WatchGroup> _found = [];
    private readonly List<Entry> _entries = [];
    private readonly List<(ulong Mask, bool Previous, ReadOnlyMemory<byte> Fields)> _encoded = [];
    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private RevisionEvents? _revision;

    /// <summary>Groups that hear of the revision.</summary>
    public int Count { get; private set; }

    /// <summary>Starts over with a revision.</summary>
    public void Collect(RevisionEvents revision, IWatchIndex index)
    {
        _revision = revision;
        _encoded.Clear();
        Count = 0;
        for (var i = 0; i < revision.Events.Count; i++)
        {
            _found.Clear();
            index.Match(revision.Events[i], _found);
            foreach (var group in _found)
                Add(group, i);
        }
    }

    /// <summary>A group, and the positions of its events in the revision.</summary>
    public WatchGroup Group(int slot) => _entries[slot].Group!;

    public List<int> Events(int slot) => _entries[slot].Events;

    /// <summary>The events of a group as response fields (v3).</summary>
    public ReadOnlyMemory<byte> Fields(int slot)
    {
        var entry = _entries[slot];
        var previous = (entry.Group!.Shape & GroupShape.PreviousValue) != 0;
        if (entry.Mask != 0)
            foreach (var (mask, withPrevious, fields) in _encoded)
                if (mask == entry.Mask && withPrevious == previous)
                    return fields;

        _parts.Clear();
        var same = true;
        foreach (var position in entry.Events)
        {
            var one = _revision!.Events[position];
            same &= !one.HasPrevious;
            _parts.Add(EventFields.Select(one, previous));
        }
        var encoded = EventFields.Encode(CollectionsMarshal.AsSpan(_parts));
        if (entry.Mask != 0)
        {
            _encoded.Add((entry.Mask, previous, encoded));
            if (same)
                _encoded.Add((entry.Mask, !previous, encoded));
        }
        return encoded;
    }

    /// <summary>Lets go of the revision's buffers.</summary>
    public void Clear()
    {
        _revision = null;
        _encoded.Clear();
        _parts.Clear();
        _found.Clear();
        for (var i = 0; i < Count; i++)
            _entries[i].Group = null;
        Count = 0;
    }

    private void Add(WatchGroup group, int position)
    {
        if (group.MatchSlot >= Count || _entries[group.MatchSlot].Group != group)
        {
            group.MatchSlot = Count;
            if (Count == _entries.Count)
                _entries.Add(new Entry());
            _entries[Count++].Reset(group);
        }
        _entries[group.MatchSlot].Add(position, _revision!.Events.Count <= MaskBits);
    }

    private sealed class Entry
    {
        public WatchGroup? Group;
        public ulong Mask;
        public List<int> Events { get; } = [];

        public void Reset(WatchGroup group)
        {
            Group = group;
            Mask = 0;
            Events.Clear();
        }

        public void Add(int position, bool masked)
        {
            Events.Add(position);
            if (masked)
                Mask |= 1UL << position;
        }
    }
}
