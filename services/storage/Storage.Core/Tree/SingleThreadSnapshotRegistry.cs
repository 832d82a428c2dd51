namespace Storage.Core.Tree;

/// <summary>The registry for simulations and tests, where everything runs on one thread.</summary>
public sealed class SingleThreadSnapshotRegistry : ISnapshotRegistry
{
    private readonly Dictionary<int, long> _readers = [];
    private int _nextTicket;

    /// <inheritdoc/>
    public int Enter(long txn)
    {
        _readers.Add(++_nextTicket, txn);
        return _nextTicket;
    }

    /// <inheritdoc/>
    public void Exit(int ticket) => Invariant.Holds(_readers.Remove(ticket));

    /// <inheritdoc/>
    public long FindOldest()
    {
        var oldest = long.MaxValue;
        foreach (var txn in _readers.Values)
            oldest = Math.Min(oldest, txn);
        return oldest;
    }
}
