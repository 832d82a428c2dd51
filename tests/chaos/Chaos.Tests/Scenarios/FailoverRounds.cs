using System.Diagnostics;
using Chaos.Tests.Harness;
using Chaos.Tests.Workload;
using Linearizability.History;
using Linearizability.Keys;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Strikes the leader again and again while a hundred clients of the other members count: half of them each on a key of its own, half by compare and
/// swap on counters that they share.
/// </summary>
/// <param name="cluster">Where.</param>
/// <param name="first">Number of the first client and of the first counter: on a cluster that others had before, none is used again.</param>
public sealed class FailoverRounds(ChaosCluster cluster, int first)
{
    private const int Clients = 100, Counters = 10;

    // Before a strike every client is connected and has written for most of a second (a strike into the connecting of a hundred clients measures that), and after it some
    // answers were asked for in the new term.
    private const int WritesBefore = 2_000, WritesAfter = 500;

    // Longer than any pause that is tolerable, so that a pause shows as a pause and not as an error.
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(15);

    private readonly List<Operation<KeyRequest, KeyAnswer>> _history = [];
    private readonly List<ClientError> _errors = [];
    private readonly List<TimeSpan> _gaps = [];
    private readonly int _firstCounter = first;
    private int _clientsSoFar = first;

    public IReadOnlyList<Operation<KeyRequest, KeyAnswer>> History => _history;

    public IReadOnlyList<ClientError> Errors => _errors;

    /// <summary>For each round the longest time without an acknowledged write from the strike on.</summary>
    public IReadOnlyList<TimeSpan> Gaps => _gaps;

    public TimeSpan MedianGap => _gaps.Order().ElementAt(_gaps.Count / 2);

    /// <summary>One round.</summary>
    /// <param name="strike">What happens to the leader.</param>
    /// <param name="mend">Undoes it.</param>
    /// <param name="clientsOf">Whose clients count, when not those of all but the leader: then the gap is the longest that the clients of any one member saw.</param>
    public async Task RunAsync(Func<Member, Task> strike, Func<Member, Task> mend, IReadOnlyList<Member>? clientsOf = null)
    {
        var leader = await cluster.LeaderAsync();
        var firstClient = _clientsSoFar;
        _clientsSoFar += Clients;
        await using var workload = WorkloadRun.Start(clientsOf ?? cluster.AllBut(leader), new WorkloadOptions
        {
            Clients = Clients,
            FirstClient = firstClient,
            Pause = TimeSpan.FromMilliseconds(40),
            RequestLimit = s_requestLimit,
            Script = n => n % 4 < 2 ? new OwnCounterScript(firstClient + n) : new SharedCounterScript(_firstCounter + (n % Counters)),
        });
        await workload.AcknowledgedAsync(WritesBefore);
        var struck = Stopwatch.GetTimestamp();
        await strike(leader);
        await workload.AcknowledgedAsync(WritesAfter);
        var report = await workload.StopAsync();
        _gaps.Add(clientsOf is null ? report.LongestGap(struck) : report.LongestGapOfAnyMember(struck, clientsOf.Count, firstClient));
        _history.AddRange(report.History);
        _errors.AddRange(report.Errors);
        await mend(leader);
        await cluster.AllHealthyAsync();
    }

    /// <summary>All keys that were counted on.</summary>
    public IEnumerable<string> Keys => _history.Select(o => o.Input.Key).Distinct();

    /// <summary>
    /// No acknowledged write is lost and none is applied twice: a key holds at least as many as were acknowledged, and at most those of unknown outcome more; its
    /// version says how often it was put, a counter's value how often it was counted up.
    /// </summary>
    public void CheckCounts(IEnumerable<Operation<KeyRequest, KeyAnswer>> finalReads)
    {
        var final = finalReads.GroupBy(o => o.Input.Key).ToDictionary(g => g.Key, g => g.Last().Output.Before);
        foreach (var operations in _history.GroupBy(o => o.Input.Key))
        {
            var acknowledged = operations.Count(o => o.IsDecided && o.Output.Wrote);
            var unknown = operations.Count(o => !o.IsDecided);
            var version = final[operations.Key]?.Version ?? 0;
            Assert.True(
                version >= acknowledged && version <= acknowledged + unknown,
                $"{operations.Key}: {acknowledged} writes acknowledged, {unknown} unknown, {version} applied");
            if (operations.Key.StartsWith("shared/", StringComparison.Ordinal))
                Assert.Equal(version, long.Parse(final[operations.Key]?.Value ?? "0"));
        }
    }
}
