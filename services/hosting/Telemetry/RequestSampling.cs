using System.Diagnostics;

namespace Hosting.Telemetry;

/// <summary>
/// Whether a request that reaches this process gets a span, decided before anything is made for it. The SDK decides the same, but only once a trace id has been drawn, and it makes a span of its
/// own for each request that it does not sample, so that the id reaches the next process: here the context rides in batches, and rides only when it is sampled.
/// </summary>
/// <remarks>One for the process, as listeners to spans are. Set at the start.</remarks>
public static class RequestSampling
{
    // Everything goes to whoever listens, who decides; so it is in tests.
    private static volatile SamplingRule s_rule = SamplingRule.Deferred;

    /// <summary>Does a request that brings no trace begin one?</summary>
    public static bool WantsRoot
    {
        get
        {
            var share = s_rule.RootShare;
            return share >= 1 || (share > 0 && Random.Shared.NextDouble() < share);
        }
    }

    /// <summary>Is a request that brings a trace part of it?</summary>
    public static bool Wants(in ActivityContext parent) =>
        !s_rule.FollowsParents || (parent.TraceFlags & ActivityTraceFlags.Recorded) != 0;

    internal static void Use(SamplingRule rule) => s_rule = rule;
}
