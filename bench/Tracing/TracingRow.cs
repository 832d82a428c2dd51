using Bench.Measure;
using Bench.Workloads;

namespace Bench.Tracing;

/// <summary>One load against the server without traces and the one with them, in pairs that lie seconds apart.</summary>
internal sealed class TracingRow(WorkloadKind workload)
{
    private readonly List<(LoadResult Without, LoadResult With)> _pairs = [];

    public WorkloadKind Workload { get; } = workload;

    public void Add(LoadResult without, LoadResult with) => _pairs.Add((without, with));

    public double PerSecondWithout => Figures.Median(_pairs.Select(static pair => pair.Without.PerSecond));

    public double PerSecondWith => Figures.Median(_pairs.Select(static pair => pair.With.PerSecond));

    public double CpuWithout => Figures.Median(_pairs.Select(static pair => pair.Without.TotalServerCpuPerOp));

    public double CpuWith => Figures.Median(_pairs.Select(static pair => pair.With.TotalServerCpuPerOp));

    /// <summary>Processor time of a request with, over that without, pair by pair.</summary>
    public (double Median, double Lowest, double Highest) CpuRatio =>
        Figures.Spread(_pairs.Select(static pair => pair.With.TotalServerCpuPerOp / pair.Without.TotalServerCpuPerOp));
}
