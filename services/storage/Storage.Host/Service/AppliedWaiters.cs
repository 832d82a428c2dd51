using Consensus.Contracts;
using Storage.Core.State;

namespace Storage.Host.Service;

/// <summary>Readers that wait until a log index is applied. Each is woken once, when its own index is.</summary>
internal sealed class AppliedWaiters(PublishedState state)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, ulong> _waiting = new();
    private ulong _lowest = ulong.MaxValue; // written under the lock, read by the apply loop without it
    private Exception? _ended;

    /// <summary>Completes when the index is applied.</summary>
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
        // The entry may have been applied before the waiter was there to be seen.
        Interlocked.MemoryBarrier();
        if (state.Current.AppliedIndex >= index)
            return;
        await waiter.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Wakes everyone whose index is applied; called after the view was published.</summary>
    public void Wake(LogIndex applied)
    {
        Interlocked.MemoryBarrier();
        if (applied.Value < Volatile.Read(ref _lowest))
            return;
        lock (_lock)
        {
            while (_waiting.TryPeek(out var waiter, out var index) && index <= applied.Value)
            {
                _waiting.Dequeue();
                waiter.TrySetResult();
            }
            Volatile.Write(ref _lowest, _waiting.TryPeek(out _, out var lowest) ? lowest : ulong.MaxValue);
        }
    }

    /// <summary>Nothing more will be applied.</summary>
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
