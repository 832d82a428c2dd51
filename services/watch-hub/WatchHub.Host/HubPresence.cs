namespace WatchHub.Host;

/// <summary>
/// Whether this hub stays, for those who have sessions over the network, and how it leaves: they are told, they move, and only then do sessions end. Sessions of the same
/// process are not counted: who opened them stops them.
/// </summary>
internal sealed class HubPresence(WatchHubOptions options, TimeProvider time, ILogger<HubPresence> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly Task s_never = new TaskCompletionSource().Task;

    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _leaving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _sessions;

    public bool IsLeaving => _leaving.Task.IsCompleted;

    /// <summary>Completes when there is something to say before the next beat.</summary>
    public Task Changed => IsLeaving ? s_never : _leaving.Task;

    /// <summary>From here on every session ends.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>A session over the network begins; it has ended when the result is disposed.</summary>
    public IDisposable Enter()
    {
        lock (_gate)
            _sessions++;
        return new Session(this);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        int sessions;
        lock (_gate)
        {
            _leaving.TrySetResult();
            sessions = _sessions;
            if (sessions == 0)
                _left.TrySetResult();
        }
        if (sessions > 0)
            Log.Leaving(logger, sessions);
        await _left.Task.WaitAsync(options.DrainLimit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            sessions = _sessions;
        if (sessions > 0)
            Log.SessionsStayed(logger, sessions);
        await _ended.CancelAsync().ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _ended.Dispose();

    private void Leave()
    {
        lock (_gate)
            if (--_sessions == 0 && IsLeaving)
                _left.TrySetResult();
    }

    private sealed class Session(HubPresence presence) : IDisposable
    {
        private HubPresence? _presence = presence;

        public void Dispose() => Interlocked.Exchange(ref _presence, null)?.Leave();
    }
}
