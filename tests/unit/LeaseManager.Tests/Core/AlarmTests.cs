using LeaseManager.Host;
using LeaseManager.Tests.Fakes;

namespace LeaseManager.Tests.Core;

/// <summary>Goal: the alarm rings at its time even when the clock goes on while it is being set.</summary>
public sealed class AlarmTests
{
    [Fact]
    public async Task WaitAsync_ClockGoesOnWhileSetting_RingsAtTheDeadline()
    {
        var time = new ManualTime();
        using var alarm = new Alarm(time);
        var start = time.GetTimestamp();
        var readings = 0;
        var waiting = alarm.WaitAsync(
            () =>
            {
                var left = TimeSpan.FromSeconds(5) - time.GetElapsedTime(start);
                if (readings++ == 0)
                    time.Advance(TimeSpan.FromSeconds(3)); // After the reading, before the timer is set.
                return left;
            },
            CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2.1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
