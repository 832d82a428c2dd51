using Consensus.Contracts;

namespace Storage.Host.Service;

/// <summary>How far the tree is committed, and who waits for more. Thread-safe; one thread reaches.</summary>
internal sealed class CommitWaiters
{
    private readonly IndexWaiters _waiters;
    private ulong _committed;

    public CommitWaiters(LogIndex committed)
    {
        _committed = committed.Value;
        _waiters = new IndexWaiters(() => Committed);
    }

    public LogIndex Committed => new(Volatile.Read(ref _committed));

    public Task WaitAsync(LogIndex index, CancellationToken cancellation) => _waiters.WaitAsync(index, cancellation);

    public void Reach(LogIndex index)
    {
        Volatile.Write(ref _committed, index.Value);
        _waiters.Wake(index);
    }

    public void End(Exception reason) => _waiters.End(reason);
}
