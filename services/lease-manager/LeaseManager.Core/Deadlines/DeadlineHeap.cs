namespace LeaseManager.Core.Deadlines;

/// <summary>
/// Leases by a time at which to look at them, lazily: a keep-alive does not touch the heap. An entry is never later than the time it stands for, and one that
/// comes up too early is pushed again with the real one. So a keep-alive costs O(1), and each TTL one push.
/// </summary>
internal sealed class DeadlineHeap
{
    private readonly PriorityQueue<Lease, TimeSpan> _heap = new();

    public int Count => _heap.Count;

    /// <summary>When to look again; null when there is nothing.</summary>
    public TimeSpan? Next => _heap.TryPeek(out _, out var at) ? at : null;

    public void Push(Lease lease, TimeSpan at) => _heap.Enqueue(lease, at);

    public bool TryPop(TimeSpan now, out Lease lease)
    {
        if (_heap.TryPeek(out lease!, out var at) && at <= now)
        {
            _heap.Dequeue();
            return true;
        }
        return false;
    }

    /// <summary>Forgets all entries and takes these instead.</summary>
    public void Rebuild(IEnumerable<(Lease Lease, TimeSpan At)> entries)
    {
        _heap.Clear();
        _heap.EnqueueRange(entries);
    }
}
