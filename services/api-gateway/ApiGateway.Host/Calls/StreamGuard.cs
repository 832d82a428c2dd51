using ApiGateway.Core.Errors;

namespace ApiGateway.Host.Calls;

/// <summary>When a stream is to end: with its call, with the process, or, where it insists on a leader, with the last hope for one.</summary>
internal sealed class StreamGuard : IDisposable
{
    private readonly StreamGuards _guards;
    private readonly CancellationTokenSource _ending;
    private readonly Lock _gate = new();
    private bool _isDisposed;
    private EtcdError _error;

    /// <param name="guards">Who may end it.</param>
    /// <param name="insistsOnLeader">It does not outlive the last hope for one.</param>
    /// <param name="callEnds">The end of its call.</param>
    public StreamGuard(StreamGuards guards, bool insistsOnLeader, CancellationToken callEnds)
    {
        _guards = guards;
        InsistsOnLeader = insistsOnLeader;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(callEnds);
        Token = _ending.Token;
    }

    public CancellationToken Token { get; }

    public bool InsistsOnLeader { get; }

    /// <summary>Why it was ended; none while it was not.</summary>
    public EtcdError Error
    {
        get
        {
            lock (_gate)
                return _error;
        }
    }

    public bool IsEnded => Error != EtcdError.None;

    /// <summary>Ends the stream; what waits for the token goes on on other threads.</summary>
    public void End(EtcdError error)
    {
        lock (_gate)
        {
            if (_isDisposed || _error != EtcdError.None)
                return;
            _error = error;
            _ = _ending.CancelAsync();
        }
    }

    public void Dispose()
    {
        _guards.Remove(this);
        lock (_gate)
            _isDisposed = true;
        _ending.Dispose();
    }
}
