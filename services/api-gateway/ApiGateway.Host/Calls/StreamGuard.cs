namespace ApiGateway.Host.Calls;

/// <summary>When a stream is to end: with its call, or, where it insists on a leader, with the last hope for one.</summary>
internal sealed class StreamGuard : IDisposable
{
    private readonly StreamGuards? _guards;
    private readonly CancellationTokenSource? _ending;
    private readonly Lock _gate = new();
    private volatile bool _isLeaderLost;
    private bool _isDisposed;

    /// <summary>A stream that does not insist.</summary>
    public StreamGuard(CancellationToken callEnds) => Token = callEnds;

    /// <summary>A stream that does.</summary>
    public StreamGuard(StreamGuards guards, CancellationToken callEnds)
    {
        _guards = guards;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        Token = _ending.Token;
    }

    public CancellationToken Token { get; }

    public bool IsLeaderLost => _isLeaderLost;

    /// <summary>Ends the stream; what waits for the token goes on on other threads.</summary>
    public void LeaderLost()
    {
        _isLeaderLost = true;
        lock (_gate)
        {
            if (!_isDisposed)
                _ = _ending!.CancelAsync();
        }
    }

    public void Dispose()
    {
        if (_guards is null)
            return;
        _guards.Remove(this);
        lock (_gate)
            _isDisposed = true;
        _ending!.Dispose();
    }
}
