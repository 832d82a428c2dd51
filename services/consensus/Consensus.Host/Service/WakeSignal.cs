namespace Consensus.Host.Service;

/// <summary>Wakes the one thread that waits. A signal set while it works is not lost: the next wait returns at once.</summary>
internal sealed class WakeSignal
{
    private const int Working = 0;
    private const int IsSet = 1;
    private const int Waiting = 2;

    private readonly object _gate = new();
    private int _state;

    /// <summary>Takes a lock only when the thread waits: mostly it is at work, and will look at its inputs again.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _state, IsSet) != Waiting)
            return;
        // The waiting thread holds the lock from before it says so until it waits.
        lock (_gate)
            Monitor.Pulse(_gate);
    }

    /// <summary>Returns once set or after the timeout, and clears the signal: look at all inputs after it.</summary>
    public void Wait(int timeoutMilliseconds)
    {
        if (Volatile.Read(ref _state) != IsSet)
        {
            lock (_gate)
            {
                if (Interlocked.CompareExchange(ref _state, Waiting, Working) == Working)
                    Monitor.Wait(_gate, timeoutMilliseconds);
            }
        }
        Interlocked.Exchange(ref _state, Working);
    }
}
