using Hosting.Health;

namespace Hosting.Tests.Health;

public sealed class HoldUpReportsTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(200);
    private readonly HoldUpReports _reports = new(s_limit);

    [Fact]
    public void Ended_ShorterThanTheLimit_IsNotTold() => Assert.Null(_reports.Ended(TimeSpan.FromMilliseconds(199)));

    [Fact]
    public void Ended_AsLongAsTheLimit_IsTold() => Assert.Equal(s_limit, _reports.Ended(s_limit));

    [Fact]
    public void GoesOn_IsToldWhenItHasDoubled()
    {
        int[] lengths = [100, 200, 300, 399, 400, 500, 799, 800];

        var told = lengths.Where(length => _reports.GoesOn(TimeSpan.FromMilliseconds(length)) is not null);

        Assert.Equal([200, 400, 800], told);
    }

    [Fact]
    public void Ended_TheNextWaitBeginsAnew()
    {
        _reports.GoesOn(s_limit * 5);
        _reports.Ended(s_limit * 6);

        Assert.Equal(s_limit, _reports.GoesOn(s_limit));
    }
}
