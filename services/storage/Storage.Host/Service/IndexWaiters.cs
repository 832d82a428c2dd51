using Consensus.Contracts;

namespace Storage.Host.Service;

/// <summary>Callers that wait until a log index is reached: applied, or committed to the tree. Each is woken once, when its own index is.</summary>
/// <param name="reached">The index reached by now; for any thread.</param>
internal sealed class IndexWaiters(Func<LogIndex> reached)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, ulong> _waiting = new();
    private ulong _lowest = ulong.MaxValue; // written under the lock, read without it by whoever wakes
    private Exception? _ended;

    /// <summary>Completes when the index is reached.</summary>
    public async Task WaitAsync(LogIndex index, CancellationToken cancellation)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_ended is not null)
                throw _ended;
            _waiting.Enqueue(waiter, index.Value);
            Volatile.Write(ref _lowest, _waiting.TryPeek(out _, out var lowest) ? lowest : ulong.MaxValue);
        }
        // It may have been reached before the waiter was there to be seen.
        Interlocked.MemoryBarrier();
        if (reached() >= index)
            return;
        await waiter.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Wakes everyone whose index is reached; called after <c>reached</c> says so.</summary>
    public void Wake(LogIndex index)
    {
        Interlocked.MemoryBarrier();
        if (index.Value < Volatile.Read(ref _lowest))
            return;
        lock (_lock)
        {
            while (_waiting.TryPeek(out var waiter, out var wanted) && wanted <= index.Value)
            {
                _waiting.Dequeue();
                waiter.TrySetResult();
            }
            Volatile.Write(ref _lowest, _waiting.TryPeek(out _, out var lowest) ? lowest : ulong.MaxValue);
        }
    }

    /// <summary>No further index will be reached.</summary>
    public void End(Exception reason)
    {
        lock (_lock)
        {
            _ended = reason;
            while (_waiting.TryDequeue(out var waiter, out _))
                waiter.TrySetException(reason);
        }
    }
}
