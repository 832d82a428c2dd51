namespace Consensus.Client.Beats;

/// <summary>
/// Calls back, once, when nothing was heard for <see cref="BeatTiming.Missed"/> periods. Counts periods, not time: after a pause of this very process the
/// other side gets its chance to be heard before it is given up. Thread-safe.
/// </summary>
public sealed class SilenceWatch : IDisposable
{
    private readonly Action _onSilent;
    private readonly ITimer _timer;
    private int _missed;
    private int _isPaused;
    private int _isDone;

    public SilenceWatch(TimeProvider time, Action onSilent)
    {
        _onSilent = onSilent;
        _timer = time.CreateTimer(static self => ((SilenceWatch)self!).Tick(), this, BeatTiming.Period, BeatTiming.Period);
    }

    /// <summary>Something arrived.</summary>
    public void Heard() => Volatile.Write(ref _missed, 0);

    /// <summary>Nobody is listening for a while, so silence means nothing.</summary>
    public void Pause() => Volatile.Write(ref _isPaused, 1);

    /// <summary>Somebody listens again; silence counts from now.</summary>
    public void Resume()
    {
        Volatile.Write(ref _missed, 0);
        Volatile.Write(ref _isPaused, 0);
    }

    public void Dispose()
    {
        Volatile.Write(ref _isDone, 1);
        _timer.Dispose();
    }

    private void Tick()
    {
        if (Volatile.Read(ref _isPaused) != 0 || Interlocked.Increment(ref _missed) <= BeatTiming.Missed)
            return;
        if (Interlocked.Exchange(ref _isDone, 1) != 0)
            return;
        _timer.Dispose();
        _onSilent();
    }
}
