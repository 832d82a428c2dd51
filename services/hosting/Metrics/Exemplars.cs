using System.Diagnostics;

namespace Hosting.Metrics;

/// <summary>One observed value that was part of a sampled trace.</summary>
/// <param name="Value">As it was observed.</param>
/// <param name="Trace">Where it is from.</param>
/// <param name="At">When.</param>
public sealed record Exemplar(double Value, ActivityContext Trace, DateTimeOffset At);

/// <summary>Which trace a value that is observed belongs to. One answer for the process: nobody asks while no traces are exported.</summary>
public static class Exemplars
{
    private static volatile bool s_areWanted;

    [ThreadStatic]
    private static ActivityContext t_trace;

    /// <summary>Somebody can look up a trace by its id.</summary>
    public static bool AreWanted => s_areWanted;

    /// <summary>The trace of the code that runs: its span's, else the one that its thread works for; default: none.</summary>
    internal static ActivityContext Trace => Activity.Current is { } span ? span.Context : t_trace;

    /// <summary>This thread works for a trace from now on, without a span of its own; default: for none.</summary>
    public static void WorkFor(in ActivityContext trace) => t_trace = trace;

    /// <summary>Traces are exported.</summary>
    internal static void Want() => s_areWanted = true;
}
