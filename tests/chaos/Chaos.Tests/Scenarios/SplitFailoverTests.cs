using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: with each service a process of its own, the loss of any one of them is a short pause for the clients of the gateways that are left (I1, I6, I8): no
/// request fails, no write is lost or applied twice, no watch misses or repeats an event. Method: as <see cref="FailoverTests"/>, but one process is
/// struck, the clients are those of every gateway that lives, and the gap is that of the gateway that fared worst.
/// </summary>
[Collection(SplitClusters.Name)]
public sealed class SplitFailoverTests(SharedCluster shared, ITestOutputHelper output) : ClusterScenario(output)
{
    private const string Watched = "own/";
    private static readonly int s_rounds = 5 * Settings.Rounds;

    // A killed process resets its connections: evidence, no timeout needs to run out.
    private static readonly TimeSpan s_maxGapAfterKill = TimeSpan.FromMilliseconds(300);

    // A frozen one is missed after the election timeout.
    private static readonly TimeSpan s_maxGapAfterSilence = 1.5 * ClusterProgram.ElectionTimeout;
    private static readonly TimeSpan s_deliveryDeadline = TimeSpan.FromSeconds(30);

    [ChaosFact]
    public Task ConsensusLeaderKilled_ClientsOfAllGateways_NoticeAPauseOnly() => RunAsync(
        s_maxGapAfterKill,
        (_, leader) => leader.Processes.EndAsync(process => process.Kill(), "killed", SplitProgram.Consensus),
        (_, leader) => Do(() => leader.Processes.Start(SplitProgram.Consensus)));

    [ChaosFact]
    public Task ConsensusLeaderFrozen_ClientsOfAllGateways_NoticeAPauseOnly() => RunAsync(
        s_maxGapAfterSilence,
        (_, leader) => Do(() => leader.Processes.Signal(process => process.Freeze(), SplitProgram.Consensus)),
        (_, leader) => Do(() => leader.Processes.Signal(process => process.Thaw(), SplitProgram.Consensus)));

    [ChaosFact]
    public Task StorageKilledInTurn_ClientsOfAllGateways_NoticeAPauseOnly() => InTurnAsync(
        s_maxGapAfterKill,
        replica => replica.Processes.EndAsync(process => process.Kill(), "killed", SplitProgram.Storage),
        replica => replica.Processes.Start(SplitProgram.Storage));

    [ChaosFact]
    public Task StorageFrozenInTurn_ClientsOfAllGateways_NoticeAPauseOnly() => InTurnAsync(
        s_maxGapAfterSilence,
        replica => Do(() => replica.Processes.Signal(process => process.Freeze(), SplitProgram.Storage)),
        replica => replica.Processes.Signal(process => process.Thaw(), SplitProgram.Storage));

    [ChaosFact]
    public Task GatewayKilled_ClientsOfOtherGateways_NoticeAPauseOnly() => RunAsync(
        s_maxGapAfterKill,
        (_, leader) => leader.Processes.EndAsync(process => process.Kill(), "killed", SplitProgram.Gateway),
        (_, leader) => Do(() => leader.Processes.Start(SplitProgram.Gateway)),
        withoutLeaders: true);

    [ChaosFact]
    public Task WatchHubsKilledInTurn_WatchersOfAllGateways_MissAndRepeatNothing()
    {
        var round = 0;
        return RunAsync(
            s_maxGapAfterKill,
            (cluster, _) => cluster.Beside.EndAsync(process => process.Kill(), "killed", SplitProgram.Hubs[round % SplitProgram.Hubs.Count]),
            (cluster, _) => Do(() => cluster.Beside.Start(SplitProgram.Hubs[round++ % SplitProgram.Hubs.Count])));
    }

    [ChaosFact]
    public Task WatchHubsFrozenInTurn_WatchersOfAllGateways_MissAndRepeatNothing()
    {
        var round = 0;
        return RunAsync(
            s_maxGapAfterKill,
            (cluster, _) => Do(() => cluster.Beside.Signal(process => process.Freeze(), SplitProgram.Hubs[round % SplitProgram.Hubs.Count])),
            (cluster, _) => Do(() => cluster.Beside.Signal(process => process.Thaw(), SplitProgram.Hubs[round++ % SplitProgram.Hubs.Count])));
    }

    // Which replica serves whom depends on what was struck before, so each gets its turn; the leader of consensus is struck wherever it is.
    private Task InTurnAsync(TimeSpan maxMedianGap, Func<Member, Task> strike, Action<Member> mend)
    {
        var round = 0;
        return RunAsync(
            maxMedianGap,
            (cluster, _) => strike(cluster.Members[round % cluster.Members.Count]),
            (cluster, _) => Do(() => mend(cluster.Members[round++ % cluster.Members.Count])));
    }

    private Task RunAsync(
        TimeSpan maxMedianGap, Func<ChaosCluster, Member, Task> strike, Func<ChaosCluster, Member, Task> mend, bool withoutLeaders = false) =>
        shared.RunAsync(() => new SplitProgram(), (cluster, first) => RunAsync(cluster, first, maxMedianGap, strike, mend, withoutLeaders));

    private async Task RunAsync(
        ChaosCluster cluster, int first, TimeSpan maxMedianGap, Func<ChaosCluster, Member, Task> strike, Func<ChaosCluster, Member, Task> mend, bool withoutLeaders)
    {
        var watchers = new List<KeyWatcher>();
        try
        {
            if (!withoutLeaders) // A watch ends with its gateway.
            {
                foreach (var member in cluster.Members)
                    watchers.Add(await KeyWatcher.StartAsync(member.Connect(), Watched));
            }
            var rounds = new FailoverRounds(cluster, first);
            for (var round = 0; round < s_rounds; round++)
            {
                await rounds.RunAsync(
                    leader => strike(cluster, leader), leader => mend(cluster, leader),
                    withoutLeaders ? [.. cluster.AllBut(await cluster.LeaderAsync())] : cluster.Members);
            }
            Output.WriteLine(
                $"gaps {string.Join(", ", rounds.Gaps.Select(gap => $"{gap.TotalMilliseconds:F0}"))} ms, "
                + $"median {rounds.MedianGap.TotalMilliseconds:F0} ms; {rounds.Errors.Count} client errors");
            foreach (var kind in rounds.Errors.GroupBy(e => $"{e.Error.StatusCode} {e.Error.Status.Detail}"))
                Output.WriteLine($"  {kind.Count()} x {kind.Key}");
            var last = await ReadFinallyAsync(cluster, rounds.Keys);
            CheckHistory([.. rounds.History, .. last]);
            rounds.CheckCounts(last);
            var versions = last.Where(o => o.Input.Key.StartsWith(Watched, StringComparison.Ordinal) && o.Output.Before is not null)
                .GroupBy(o => o.Input.Key).ToDictionary(key => key.Key, key => key.Last().Output.Before!.Value.Version);
            await Poll.UntilAsync("every watcher to have every event", s_deliveryDeadline, () => Task.FromResult(watchers.All(watcher => watcher.HasSeen(versions))));
            Assert.Empty(rounds.Errors);
            Assert.True(rounds.MedianGap < maxMedianGap, $"median gap {rounds.MedianGap.TotalMilliseconds:F0} ms, allowed are {maxMedianGap.TotalMilliseconds:F0} ms");
        }
        catch (Exception)
        {
            Output.WriteLine(cluster.Log);
            throw;
        }
        finally
        {
            foreach (var watcher in watchers)
                await watcher.DisposeAsync();
        }
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
