namespace LeaseManager.Core.Deadlines;

/// <summary>
/// Leases by deadline, lazily: a keep-alive does not touch the heap. An entry is never later than its lease's deadline, and one that
/// comes up too early is pushed again with the real one. So a keep-alive costs O(1), and each TTL one push.
/// </summary>
internal sealed class DeadlineHeap
{
    private readonly PriorityQueue<Lease, TimeSpan> _heap = new();

    public int Count => _heap.Count;

    /// <summary>When to look again; null when there is nothing.</summary>
    public TimeSpan? Next => _heap.TryPeek(out _, out var deadline) ? deadline : null;

    public void Push(Lease lease) => _heap.Enqueue(lease, lease.Deadline);

    public bool TryPop(TimeSpan now, out Lease lease)
    {
        if (_heap.TryPeek(out lease!, out var deadline) && deadline <= now)
        {
            _heap.Dequeue();
            return true;
        }
        return false;
    }

    /// <summary>Forgets all entries and takes these instead.</summary>
    public void Rebuild(IEnumerable<Lease> leases)
    {
        _heap.Clear();
        _heap.EnqueueRange(leases.Select(static lease => (lease, lease.Deadline)));
    }
}
