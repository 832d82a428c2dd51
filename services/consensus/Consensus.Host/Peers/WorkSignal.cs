using System.Threading.Tasks.Sources;

namespace Consensus.Host.Peers;

/// <summary>Wakes the one task that waits for work, without an allocation. What is set while it works is not lost: the next wait completes at once.</summary>
internal sealed class WorkSignal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private bool _isSet;
    private bool _isAwaited;
    private bool _isClosed;

    // Those who set it have other things to do than the work.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    /// <summary>There is work.</summary>
    public void Set()
    {
        lock (_gate)
        {
            if (!_isAwaited)
            {
                _isSet = true;
                return;
            }
            _isAwaited = false;
        }
        _core.SetResult(true);
    }

    /// <summary>Ends all waiting, now and later.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            if (!_isAwaited)
                return;
            _isAwaited = false;
        }
        _core.SetException(new OperationCanceledException());
    }

    /// <summary>Completes once set, and clears the signal: look at all work after it. One wait at a time.</summary>
    /// <exception cref="OperationCanceledException">It was closed.</exception>
    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_isClosed)
                throw new OperationCanceledException();
            if (_isSet)
            {
                _isSet = false;
                return default;
            }
            _core.Reset();
            _isAwaited = true;
            return new(this, _core.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);
    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
