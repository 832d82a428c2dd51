using System.Threading.Channels;

namespace LeaseManager.Host;

/// <summary>Wakes one waiter: when told to, or when a set time has come. Several wake-ups before it looks are one.</summary>
internal sealed class Alarm : IDisposable
{
    // Timers take whole milliseconds and must not ring early: an early ring finds nothing and has to be set again.
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxWait = TimeSpan.FromHours(1);

    private readonly Channel<bool> _rings =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ITimer _timer;

    public Alarm(TimeProvider time) =>
        _timer = time.CreateTimer(static alarm => ((Alarm)alarm!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Ring() => _rings.Writer.TryWrite(true);

    /// <summary>Waits for a ring, at the latest <paramref name="wait"/> from now; null: for ever.</summary>
    public async Task WaitAsync(Func<TimeSpan?> wait, CancellationToken cancellation)
    {
        var set = wait();
        while (true)
        {
            Set(set);
            // The clock went on between the reading and the timer: by so much the timer would ring late.
            var left = wait();
            if (left is null || set - left < Rounding)
                break;
            set = left;
        }
        await _rings.Reader.ReadAsync(cancellation);
    }

    public void Dispose() => _timer.Dispose();

    private void Set(TimeSpan? wait)
    {
        var due = wait is not { } set ? Timeout.InfiniteTimeSpan
            : set <= TimeSpan.Zero ? TimeSpan.Zero
            : set < MaxWait ? set + Rounding
            : MaxWait;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }
}
