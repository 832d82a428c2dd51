using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace Hosting.Telemetry;

/// <summary>What <c>OTEL_TRACES_SAMPLER</c> and <c>OTEL_TRACES_SAMPLER_ARG</c> ask for (OpenTelemetry specification, "SDK environment variables").</summary>
/// <param name="RootShare">Of the requests without a trace, how many begin one: 0 to 1.</param>
/// <param name="FollowsParents">A request with a trace is sampled when, and only when, its sender sampled it.</param>
/// <param name="IsDeferred">The SDK's sampler decides each time by the trace id.</param>
internal sealed record SamplingRule(double RootShare, bool FollowsParents, bool IsDeferred = false)
{
    private const string SamplerVariable = "OTEL_TRACES_SAMPLER", ShareVariable = "OTEL_TRACES_SAMPLER_ARG";

    /// <summary>Nothing is decided beforehand.</summary>
    public static SamplingRule Deferred { get; } = new(1, FollowsParents: false, IsDeferred: true);

    /// <summary>The rule; parent-based, all roots, when nothing is set.</summary>
    /// <exception cref="ConfigurationException">No such sampler, or no such share.</exception>
    public static SamplingRule From(IConfiguration configuration) => (configuration[SamplerVariable] is { Length: > 0 } name ? name : "parentbased_always_on") switch
    {
        "parentbased_always_on" => new(1, FollowsParents: true),
        "parentbased_always_off" => new(0, FollowsParents: true),
        "parentbased_traceidratio" => new(ShareOf(configuration[ShareVariable]), FollowsParents: true),
        "always_off" => new(0, FollowsParents: true),
        "always_on" => Deferred,
        // By the trace id alone, in each process again: only the SDK can.
        "traceidratio" when ShareOf(configuration[ShareVariable]) is >= 0 => Deferred,
        var other => throw new ConfigurationException(
            $"{SamplerVariable} must be always_on, always_off, traceidratio or one of these after \"parentbased_\", not \"{other}\""),
    };

    /// <summary>The SDK's sampler where the rule has decided about roots already; null: the one that the variables name.</summary>
    public Sampler? Following(IConfiguration configuration) =>
        IsDeferred || configuration[SamplerVariable] == "always_off" ? null : new ParentBasedSampler(new AlwaysOnSampler());

    private static double ShareOf(string? text) =>
        string.IsNullOrEmpty(text) ? 1
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share
        : throw new ConfigurationException($"{ShareVariable} must be a number from 0 to 1, not \"{text}\"");
}
