namespace Liveness;

/// <summary>
/// Calls back, once, when nothing was heard for a while: no message (<see cref="Heard"/>), nor a part of one. Counts fifths of that while, not time: after a pause of this very
/// process the other side gets its chance to be heard before it is given up. Thread-safe.
/// </summary>
public sealed class SilenceWatch : IDisposable
{
    private const int Periods = 5;

    private readonly CallTraffic _traffic;
    private readonly Action _onSilent;
    private readonly ITimer _timer;
    private int _missed;
    private long _bytes;
    private int _isPaused;
    private int _isDone;

    /// <param name="limit">How long silence may last; noticed up to two fifths later.</param>
    /// <param name="traffic">Of the call that is watched.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="onSilent">On a thread of the timer.</param>
    public SilenceWatch(TimeSpan limit, CallTraffic traffic, TimeProvider time, Action onSilent)
    {
        (_traffic, _onSilent) = (traffic, onSilent);
        _timer = time.CreateTimer(static self => ((SilenceWatch)self!).Tick(), this, limit / Periods, limit / Periods);
    }

    /// <summary>A message arrived.</summary>
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
        if (Volatile.Read(ref _isPaused) != 0)
            return;
        var bytes = _traffic.Bytes;
        if (Interlocked.Exchange(ref _bytes, bytes) != bytes)
        {
            Volatile.Write(ref _missed, 0);
            return;
        }
        if (Interlocked.Increment(ref _missed) <= Periods)
            return;
        if (Interlocked.Exchange(ref _isDone, 1) != 0)
            return;
        _timer.Dispose();
        _onSilent();
    }
}
