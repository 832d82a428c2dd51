using WatchHub.Contracts;

namespace ApiGateway.Host.Watching;

/// <summary>
/// The hub sessions of one stream, one after the other. The next is opened when the last was lost, or, while the last still delivers, when that one is to be left.
/// </summary>
internal sealed class NextSession(IWatchHub hub, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMilliseconds(200);

    private Task<IWatchSession>? _opening;

    /// <summary>The session in use is to be left: begins to open the next.</summary>
    public void Prepare(CancellationToken ending) => _opening ??= OpenAsync(ending);

    /// <summary>Whether the session in use can be left: the next one is there.</summary>
    public bool IsReady => _opening is { IsCompletedSuccessfully: true };

    /// <summary>Waits for messages of the session in use; false when it has ended, or can be left. Then it must not be read any more.</summary>
    public ValueTask<bool> WaitToReadAsync(IWatchSession session, CancellationToken ending)
    {
        if (_opening is null)
            return session.WaitToReadAsync(ending);
        return IsReady ? new ValueTask<bool>(false) : WaitForEitherAsync(session, ending);
    }

    /// <summary>Hands out the next session; opens it unless that has begun.</summary>
    /// <exception cref="OperationCanceledException">The stream ends.</exception>
    public async ValueTask<IWatchSession> TakeAsync(CancellationToken ending)
    {
        Prepare(ending);
        try
        {
            return await _opening!.ConfigureAwait(false);
        }
        finally
        {
            _opening = null;
        }
    }

    /// <summary>The stream ends: what was prepared is not needed.</summary>
    public async ValueTask DropAsync()
    {
        if (_opening is not { } opening)
            return;
        _opening = null;
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully)
            await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> WaitForEitherAsync(IWatchSession session, CancellationToken ending)
    {
        var reading = session.WaitToReadAsync(ending).AsTask();
        if (await Task.WhenAny(reading, _opening!).ConfigureAwait(false) == reading)
            return await reading.ConfigureAwait(false);
        // The reading ends with the session, which its user ends now.
        _ = reading.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return false;
    }

    private async Task<IWatchSession> OpenAsync(CancellationToken ending)
    {
        for (var backoff = s_firstBackoff; ; backoff = TimeSpan.FromTicks(Math.Min(backoff.Ticks * 2, s_longestBackoff.Ticks)))
        {
            try
            {
                return await hub.OpenSessionAsync(ending).ConfigureAwait(false);
            }
            catch (Exception exception) when (!ending.IsCancellationRequested)
            {
                logger.WatchSessionFailed(exception);
            }
            await Task.Delay(backoff, time, ending).ConfigureAwait(false);
        }
    }
}
