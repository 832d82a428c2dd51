using System.Diagnostics;
using Hosting.Telemetry;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace Hosting.Tests.Telemetry;

/// <summary>What the sampler's variables amount to: who gets a span, and what is left to the SDK.</summary>
public sealed class SamplingRuleTests
{
    [Theory]
    [InlineData(null, null, 1, true)]
    [InlineData("parentbased_always_on", null, 1, true)]
    [InlineData("parentbased_always_off", null, 0, true)]
    [InlineData("parentbased_traceidratio", null, 1, true)]
    [InlineData("parentbased_traceidratio", "0.25", 0.25, true)]
    [InlineData("always_off", null, 0, true)]
    [InlineData("always_on", null, 1, false)]
    [InlineData("traceidratio", "0.25", 1, false)]
    public void From_KnownSampler_SaysWhoIsSampled(string? sampler, string? argument, double share, bool followsParents)
    {
        var rule = SamplingRule.From(Configuration(sampler, argument));
        Assert.Equal((share, followsParents), (rule.RootShare, rule.FollowsParents));
    }

    [Theory]
    [InlineData("sometimes", null, "OTEL_TRACES_SAMPLER must be always_on, always_off, traceidratio or one of these after \"parentbased_\", not \"sometimes\"")]
    [InlineData("parentbased_traceidratio", "2", "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not \"2\"")]
    [InlineData("traceidratio", "half", "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not \"half\"")]
    public void From_Nonsense_IsRefusedWithOneLine(string sampler, string? argument, string complaint) =>
        Assert.Equal(complaint, Assert.Throws<ConfigurationException>(() => SamplingRule.From(Configuration(sampler, argument))).Message);

    [Theory]
    [InlineData("parentbased_traceidratio", true)]
    [InlineData(null, true)]
    [InlineData("traceidratio", false)]
    [InlineData("always_on", false)]
    [InlineData("always_off", false)]
    public void Following_RootsDecidedBefore_TakesTheSdksPlace(string? sampler, bool isOurs)
    {
        var configuration = Configuration(sampler, "0");
        Assert.Equal(isOurs, SamplingRule.From(configuration).Following(configuration) is ParentBasedSampler);
    }

    [Fact]
    public void Wants_NothingConfigured_LeavesItToWhoeverListens()
    {
        Assert.True(RequestSampling.WantsRoot);
        Assert.True(RequestSampling.Wants(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None)));
    }

    private static IConfiguration Configuration(string? sampler, string? argument) => new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["OTEL_TRACES_SAMPLER"] = sampler, ["OTEL_TRACES_SAMPLER_ARG"] = argument })
        .Build();
}
