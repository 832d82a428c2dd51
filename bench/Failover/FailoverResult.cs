namespace Bench.Failover;

/// <summary>What the clients saw of one loss of a leader.</summary>
/// <param name="Gap">Longest time without an acknowledged write from the kill on.</param>
/// <param name="QuietGap">The same in the seconds before it: what is noise.</param>
/// <param name="SlowestWrite">Longest time that an acknowledged write took, from the kill on.</param>
/// <param name="BeforePerSecond">Writes acknowledged a second before the kill.</param>
/// <param name="Errors">Answers that were no acknowledgement.</param>
/// <param name="ErrorText">What they were.</param>
internal sealed record FailoverResult(
    TimeSpan Gap, TimeSpan QuietGap, TimeSpan SlowestWrite, double BeforePerSecond, int Errors, string ErrorText);
