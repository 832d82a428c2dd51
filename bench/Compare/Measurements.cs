using Bench.Measure;

namespace Bench.Compare;

/// <summary>The results of one row: one pair for each round, measured within the same seconds.</summary>
internal sealed class Measurements(string name)
{
    private readonly List<(LoadResult Etcd, LoadResult Ours)> _pairs = [];
    private readonly List<string> _failures = [];

    public string Name { get; } = name;

    /// <summary>What went wrong; a row with failures has no figures.</summary>
    public IReadOnlyList<string> Failures => _failures;

    public bool HasResult => _failures.Count == 0 && _pairs.Count > 0;

    public void Add(LoadResult etcd, LoadResult ours) => _pairs.Add((etcd, ours));

    public void Fail(string what) => _failures.Add(what);

    /// <summary>Median over the rounds of one figure of etcd's and of ours.</summary>
    public (double Etcd, double Ours) Median(Func<LoadResult, double> figure) =>
        (Figures.Median(_pairs.Select(p => figure(p.Etcd))), Figures.Median(_pairs.Select(p => figure(p.Ours))));

    /// <summary>
    /// Ours over etcd's: the ratio within each round, then the median, the lowest and the highest of these. The machine may be
    /// slower in one round than in another; within a round it hits both.
    /// </summary>
    public (double Median, double Lowest, double Highest) Ratio(Func<LoadResult, double> figure) =>
        Figures.Spread(_pairs.Select(p => figure(p.Ours) / figure(p.Etcd)));
}
