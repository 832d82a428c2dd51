using Hosting.Durations;

namespace Hosting.Tests.Durations;

/// <summary>Goal: durations in flags are what Go takes for durations. Method: its own forms and complaints.</summary>
public sealed class GoDurationTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "100ns")]
    [InlineData(15, "1.5µs")]
    [InlineData(1_234_567, "123.4567ms")]
    [InlineData(10_000_000, "1s")]
    [InlineData(615_000_000, "1m1.5s")]
    [InlineData(36_000_000_000, "1h0m0s")]
    [InlineData(-1_000_000, "-100ms")]
    public void Format_Ticks_AreWrittenAsGoDoes(long ticks, string expected) => Assert.Equal(expected, GoDuration.Format(TimeSpan.FromTicks(ticks)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("5s", 5_000_000_000)]
    [InlineData("1h30m", 5_400_000_000_000)]
    [InlineData("1.5s", 1_500_000_000)]
    [InlineData(".5s", 500_000_000)]
    [InlineData("1.s", 1_000_000_000)]
    [InlineData("+10ms", 10_000_000)]
    [InlineData("-2us", -2_000)]
    [InlineData("3\u00b5s", 3_000)]
    [InlineData("7ns", 7)]
    public void TryParse_Duration_IsItsNanoseconds(string text, long nanoseconds)
    {
        Assert.True(GoDuration.TryParse(text, out long value, out var complaint));
        Assert.Equal((nanoseconds, ""), (value, complaint));
    }

    [Theory]
    [InlineData("", "time: invalid duration \"\"")]
    [InlineData("abc", "time: invalid duration \"abc\"")]
    [InlineData("-", "time: invalid duration \"-\"")]
    [InlineData(".s", "time: invalid duration \".s\"")]
    [InlineData("1h0", "time: missing unit in duration \"1h0\"")]
    [InlineData("5", "time: missing unit in duration \"5\"")]
    [InlineData("5x", "time: unknown unit \"x\" in duration \"5x\"")]
    [InlineData("9999999999999h", "time: invalid duration \"9999999999999h\"")]
    public void TryParse_NoDuration_ComplainsAsGoDoes(string text, string expected)
    {
        Assert.False(GoDuration.TryParse(text, out long _, out var complaint));
        Assert.Equal(expected, complaint);
    }
}
