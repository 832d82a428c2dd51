using System.Diagnostics;
using Grpc.Core;
using Linearizability.History;
using Linearizability.Keys;

namespace Chaos.Tests.Workload;

/// <summary>An error that a client saw.</summary>
public sealed record ClientError(int Client, int Member, long Time, RpcException Error);

/// <summary>What the clients of a workload did and saw.</summary>
public sealed record WorkloadReport(IReadOnlyList<Operation<KeyRequest, KeyAnswer>> History, IReadOnlyList<ClientError> Errors)
{
    public int Undecided => History.Count(o => !o.IsDecided);

    /// <summary>The longest time without an acknowledged write, from a moment on.</summary>
    /// <param name="from">A timestamp of <see cref="Stopwatch"/>.</param>
    public TimeSpan LongestGap(long from) => LongestGap(from, History);

    /// <summary>The same for the clients of each member by themselves: the longest of these.</summary>
    /// <param name="from">A timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="members">The members, as the workload was started with them.</param>
    /// <param name="firstClient">Number of the workload's first client.</param>
    public TimeSpan LongestGapOfAnyMember(long from, int members, int firstClient) =>
        History.GroupBy(o => (o.Client - firstClient) % members).Select(group => LongestGap(from, group)).Max();

    private static TimeSpan LongestGap(long from, IEnumerable<Operation<KeyRequest, KeyAnswer>> history)
    {
        var longest = TimeSpan.Zero;
        var last = from;
        foreach (var time in history.Where(o => o.IsDecided && o.Output.Wrote && o.Return >= from).Select(o => o.Return).Order())
        {
            var gap = Stopwatch.GetElapsedTime(last, time);
            longest = gap > longest ? gap : longest;
            last = time;
        }
        return longest;
    }

    /// <summary>Errors by kind, most frequent first.</summary>
    public string ErrorSummary() => string.Join(", ", Errors
        .GroupBy(e => $"{e.Error.StatusCode} \"{e.Error.Status.Detail}\"").OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} x {g.Key}"));

    public override string ToString() => $"{History.Count} requests, {Undecided} of unknown outcome, {Errors.Count} errors";
}
