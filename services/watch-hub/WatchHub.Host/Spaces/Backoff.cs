namespace WatchHub.Host.Spaces;

/// <summary>Waits between attempts: twice as long each time, up to a limit.</summary>
internal sealed class Backoff(WatchHubOptions options, TimeProvider time)
{
    private TimeSpan _next = options.RetryMin;

    public void Reset() => _next = options.RetryMin;

    /// <summary>False when the service stops meanwhile.</summary>
    public async Task<bool> WaitAsync(CancellationToken stopping)
    {
        var wait = _next;
        _next = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.RetryMax.Ticks));
        await Task.Delay(wait, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stopping.IsCancellationRequested;
    }
}
