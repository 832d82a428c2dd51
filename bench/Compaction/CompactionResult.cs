using Bench.Measure;

namespace Bench.Compaction;

/// <summary>What puts took without and during a compaction, on one server.</summary>
/// <param name="Idle">Puts while nothing else goes on.</param>
/// <param name="During">The same puts from the request for a compaction to the end of the removal.</param>
/// <param name="SlowestIdleMs">Slowest put of <paramref name="Idle"/>.</param>
/// <param name="SlowestDuringMs">Slowest put of <paramref name="During"/>.</param>
/// <param name="Errors">Answers that were not the expected ones.</param>
/// <param name="ErrorText">What they were.</param>
internal sealed record CompactionResult(
    LoadResult Idle, LoadResult During, double SlowestIdleMs, double SlowestDuringMs, int Errors, string ErrorText)
{
    /// <summary>How much the 99th percentile grew.</summary>
    public double P99Ratio => During.P99Ms / Idle.P99Ms;
}
