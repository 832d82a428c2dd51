namespace WatchHub.Feed;

/// <summary>Waits between attempts: twice as long each time, up to a limit.</summary>
internal sealed class Backoff(FeedOptions options, TimeProvider time)
{
    private TimeSpan? _next;

    /// <summary>Nothing has been waited for since the last success.</summary>
    public bool IsFirst => _next is null;

    public void Reset() => _next = null;

    /// <exception cref="OperationCanceledException">Given up.</exception>
    public Task WaitAsync(CancellationToken cancellation)
    {
        var wait = _next ?? options.RetryMin;
        _next = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, options.RetryMax.Ticks));
        return Task.Delay(wait, time, cancellation);
    }
}
