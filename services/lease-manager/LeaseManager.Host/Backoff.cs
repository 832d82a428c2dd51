namespace LeaseManager.Host;

/// <summary>Waits between attempts: twice as long each time, up to a limit.</summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max, TimeProvider time)
{
    private TimeSpan? _next;

    /// <summary>How long the next wait takes.</summary>
    public TimeSpan Next => _next ?? min;

    /// <summary>Nothing has been waited for since the last success.</summary>
    public bool IsFirst => _next is null;

    public void Reset() => _next = null;

    /// <summary>Waits; ends early, without an exception, when the service stops.</summary>
    public async Task WaitAsync(CancellationToken stopping)
    {
        var wait = Next;
        _next = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, max.Ticks));
        await Task.Delay(wait, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
