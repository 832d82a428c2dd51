using Storage.Host.Service;

namespace Storage.Tests.Host;

/// <summary>When a replica counts as cut off from the log, on a clock that the test moves.</summary>
public sealed class LogContactTests
{
    private readonly MovedTime _time = new();
    private readonly LogContact _contact;

    public LogContactTests() => _contact = new LogContact(_time);

    private void BreakAfter(TimeSpan stood)
    {
        _contact.Opening();
        _time.Now += stood;
        _contact.Broke();
    }

    [Fact]
    public void IsLost_TailsBreakOneAfterTheOther_AfterTheLimit()
    {
        BreakAfter(TimeSpan.FromMinutes(1));
        Assert.False(_contact.IsLost);
        BreakAfter(LogContact.Limit / 2);
        Assert.False(_contact.IsLost);
        BreakAfter(LogContact.Limit / 2);
        Assert.True(_contact.IsLost);
        // The next attempt alone changes nothing.
        _contact.Opening();
        Assert.True(_contact.IsLost);
    }

    [Fact]
    public void IsLost_TailStandsWithoutEntries_ContactAgain()
    {
        BreakAfter(TimeSpan.Zero);
        _time.Now += 5 * LogContact.Limit;
        _contact.Opening();
        Assert.True(_contact.IsLost);
        _time.Now += LogContact.Limit;
        Assert.False(_contact.IsLost);
        // It breaks: the count begins anew.
        _contact.Broke();
        Assert.False(_contact.IsLost);
    }

    [Fact]
    public void IsLost_EntriesCome_ContactAgain()
    {
        BreakAfter(TimeSpan.Zero);
        _time.Now += 5 * LogContact.Limit;
        _contact.Opening();
        _contact.Heard();
        Assert.False(_contact.IsLost);
    }

    [Fact]
    public void IsLost_OneTailBreaksAndTheNextStands_Never()
    {
        for (var i = 0; i < 10; i++)
        {
            BreakAfter(2 * LogContact.Limit);
            _contact.Opening();
            for (var waited = TimeSpan.Zero; waited < LogContact.Limit; waited += LogContact.Limit / 10)
            {
                Assert.False(_contact.IsLost);
                _time.Now += LogContact.Limit / 10;
            }
        }
    }

    private sealed class MovedTime : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
