using ApiGateway.Host;
using Hosting;
using Microsoft.Extensions.Configuration;

namespace ApiGateway.Tests.Host;

/// <summary>Gateway:StopDelay.</summary>
public sealed class StopDelayTests
{
    [Theory]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData("0s", 0)]
    [InlineData("750ms", 750)]
    [InlineData("2s", 2000)]
    public void Read_Duration_IsTaken(string? text, int milliseconds) => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Read(text));

    [Theory]
    [InlineData("2001ms", "Gateway:StopDelay must be between 0s and 2s, not \"2001ms\"")]
    [InlineData("-1s", "Gateway:StopDelay must be between 0s and 2s, not \"-1s\"")]
    public void Read_TooLongOrNegative_IsRefused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigurationException>(() => Read(text)).Message);

    [Fact]
    public void Read_NoDuration_IsRefused() =>
        Assert.StartsWith("Gateway:StopDelay: ", Assert.Throws<ConfigurationException>(() => Read("soon")).Message, StringComparison.Ordinal);

    private static TimeSpan Read(string? text) =>
        GatewayConfiguration.Read(new ConfigurationBuilder().AddInMemoryCollection([new("Gateway:StopDelay", text)]).Build()).StopDelay;
}
