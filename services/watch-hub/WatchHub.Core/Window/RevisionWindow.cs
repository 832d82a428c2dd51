using System.Collections;
using Storage.Contracts;

namespace WatchHub.Core.Window;

/// <summary>
/// The most recent revisions, bounded in bytes: every revision from <see cref="From"/> on is here. Watchers that are a little behind read it
/// instead of storage's history.
/// </summary>
internal sealed class RevisionWindow(long maxBytes) : IReadOnlyList<RevisionEvents>
{
    // What a revision costs beside its bytes: the record, its list, an event's three memories.
    private const int OverheadBytes = 160;

    private RevisionEvents[] _ring = new RevisionEvents[64];
    private int _head;
    private long _bytes;

    /// <summary>Every revision at or above it that was fed is in the window.</summary>
    public long From { get; private set; } = 1;

    public int Count { get; private set; }

    public RevisionEvents this[int index] => _ring[(_head + index) & (_ring.Length - 1)];

    /// <summary>Forgets everything; from here on the window covers <paramref name="from"/> and later.</summary>
    public void Restart(long from)
    {
        Array.Clear(_ring);
        (_head, Count, _bytes, From) = (0, 0, 0, from);
    }

    /// <summary>A revision that nobody will come back for: the window forgets what it holds and goes on behind it.</summary>
    public void Skip(long revision)
    {
        if (Count > 0)
            Restart(revision + 1);
        else
            From = revision + 1;
    }

    public void Add(RevisionEvents revision)
    {
        if (Count == _ring.Length)
            Grow();
        _ring[(_head + Count++) & (_ring.Length - 1)] = revision;
        _bytes += SizeOf(revision);
        while (_bytes > maxBytes && Count > 0)
            DropOldest();
    }

    /// <summary>Position of the first revision at or above <paramref name="revision"/>; <see cref="Count"/> when there is none.</summary>
    public int IndexOf(long revision)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (this[middle].Revision < revision)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    public IEnumerator<RevisionEvents> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void DropOldest()
    {
        var oldest = _ring[_head];
        _ring[_head] = null!;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        _bytes -= SizeOf(oldest);
        From = oldest.Revision + 1;
    }

    private void Grow()
    {
        var larger = new RevisionEvents[_ring.Length * 2];
        for (var i = 0; i < Count; i++)
            larger[i] = this[i];
        (_ring, _head) = (larger, 0);
    }

    private static long SizeOf(RevisionEvents revision)
    {
        long bytes = 0;
        for (var i = 0; i < revision.Events.Count; i++)
        {
            var one = revision.Events[i];
            bytes += OverheadBytes + one.Key.Length + one.Event.Length + (one.Previous.Source?.HeldBytes ?? 0) + (one.Removed?.Encoded.Length ?? 0);
        }
        return bytes;
    }
}
