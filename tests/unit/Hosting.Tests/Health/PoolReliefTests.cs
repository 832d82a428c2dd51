using Hosting.Health;

namespace Hosting.Tests.Health;

/// <summary>
/// Goal: a pool whose threads are blocked gets more at once, as many as it takes and no more, and not for ever. Method: the decision by itself.
/// </summary>
public sealed class PoolReliefTests
{
    private readonly PoolRelief _relief = new(2);

    [Fact]
    public void NotHeldUp_IsTheLeast() => Assert.Equal(2, _relief.MinThreads(isHeldUp: false, 2, At(0)));

    [Fact]
    public void HeldUp_AddsToThoseThereAre()
    {
        Assert.Equal(9, _relief.MinThreads(isHeldUp: true, 5, At(0)));
        Assert.Equal(9, _relief.MinThreads(isHeldUp: true, 7, At(1)));
        Assert.Equal(13, _relief.MinThreads(isHeldUp: true, 9, At(2)));
    }

    [Fact]
    public void HeldUpByWhateverNumber_EndsSomewhere()
    {
        var threads = 2;
        for (var n = 0; n < 100; n++)
            threads = _relief.MinThreads(isHeldUp: true, threads, At(n));
        Assert.Equal(64, threads);
        Assert.Equal(100, new PoolRelief(100).MinThreads(isHeldUp: true, 100, At(0)));
    }

    [Fact]
    public void Over_IsKeptForAMinute()
    {
        Assert.Equal(6, _relief.MinThreads(isHeldUp: true, 2, At(100)));
        Assert.Equal(6, _relief.MinThreads(isHeldUp: false, 6, At(159)));
        Assert.Equal(2, _relief.MinThreads(isHeldUp: false, 6, At(160)));
    }

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);
}
