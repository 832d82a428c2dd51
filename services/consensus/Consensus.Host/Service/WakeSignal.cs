namespace Consensus.Host.Service;

/// <summary>Wakes the one thread that waits. A signal set while it works is not lost: the next wait returns at once.</summary>
internal sealed class WakeSignal
{
    private readonly object _gate = new();
    private bool _isSet;

    public void Set()
    {
        lock (_gate)
        {
            if (_isSet)
                return;
            _isSet = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Returns once set or after the timeout, and clears the signal: look at all inputs after it.</summary>
    public void Wait(int timeoutMilliseconds)
    {
        lock (_gate)
        {
            if (!_isSet)
                Monitor.Wait(_gate, timeoutMilliseconds);
            _isSet = false;
        }
    }
}
