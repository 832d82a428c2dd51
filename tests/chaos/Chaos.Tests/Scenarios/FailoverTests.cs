using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Network;
using Chaos.Tests.Harness.Programs;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: a leader that goes away is a short pause for the clients of the other members: no request fails, no acknowledged write is lost, none is applied
/// twice (I1, I8). Method: a hundred clients count; the leader is struck in each of several rounds; counts, versions and the history are checked. Where the program
/// makes no such promise (etcd), errors and gaps are printed only.
/// </summary>
[Collection(MemberClusters.Name)]
public sealed class FailoverTests(SharedCluster shared, ITestOutputHelper output) : ClusterScenario(output)
{
    // Where nothing is promised the rounds only show that the measurement works; etcd's timeouts make them long.
    private static readonly int s_rounds = (ClusterProgram.Chosen.HidesFailover ? 5 : 2) * Settings.Rounds;

    // A killed process resets its connections: evidence, no timeout needs to run out.
    private static readonly TimeSpan s_maxGapAfterKill = TimeSpan.FromMilliseconds(300);

    // Silence is noticed only when the election timeout, drawn from [T, 1.3 T), is over.
    private static readonly TimeSpan s_maxGapAfterSilence = 1.5 * ClusterProgram.ElectionTimeout;

    [ChaosFact]
    public Task LeaderKilled_ClientsOfOtherMembers_NoticeAPauseOnly() => RunAsync(
        s_maxGapAfterKill,
        (_, leader) => leader.KillAsync(),
        (_, leader) => Do(leader.Start));

    [ChaosFact]
    public Task LeaderFrozen_ClientsOfOtherMembers_NoticeAPauseOnly() => RunAsync(
        s_maxGapAfterSilence,
        (_, leader) => Do(leader.Freeze),
        (_, leader) => Do(leader.Thaw));

    [ChaosFact]
    public Task LeaderCutOff_ClientsOfOtherMembers_NoticeAPauseOnly() => RunAsync(
        s_maxGapAfterSilence,
        (cluster, leader) => Do(() => cluster.Network.Cut(leader.Number, Direction.Both)),
        (cluster, _) => Do(cluster.Network.Heal));

    private Task RunAsync(TimeSpan maxMedianGap, Func<ChaosCluster, Member, Task> strike, Func<ChaosCluster, Member, Task> mend) =>
        shared.RunAsync(() => ClusterProgram.Chosen, (cluster, first) => RunAsync(cluster, first, maxMedianGap, strike, mend));

    private async Task RunAsync(
        ChaosCluster cluster, int first, TimeSpan maxMedianGap, Func<ChaosCluster, Member, Task> strike, Func<ChaosCluster, Member, Task> mend)
    {
        try
        {
            var rounds = new FailoverRounds(cluster, first);
            for (var round = 0; round < s_rounds; round++)
                await rounds.RunAsync(leader => strike(cluster, leader), leader => mend(cluster, leader));
            Output.WriteLine(
                $"{ClusterProgram.Chosen.Label}: gaps {string.Join(", ", rounds.Gaps.Select(gap => $"{gap.TotalMilliseconds:F0}"))} ms, "
                + $"median {rounds.MedianGap.TotalMilliseconds:F0} ms; {rounds.Errors.Count} client errors");
            foreach (var kind in rounds.Errors.GroupBy(e => $"{e.Error.StatusCode} {e.Error.Status.Detail}"))
                Output.WriteLine($"  {kind.Count()} x {kind.Key}");
            var last = await ReadFinallyAsync(cluster, rounds.Keys);
            CheckHistory([.. rounds.History, .. last]);
            rounds.CheckCounts(last);
            if (!ClusterProgram.Chosen.HidesFailover)
                return;
            Assert.Empty(rounds.Errors);
            Assert.True(rounds.MedianGap < maxMedianGap, $"median gap {rounds.MedianGap.TotalMilliseconds:F0} ms, allowed are {maxMedianGap.TotalMilliseconds:F0} ms");
        }
        catch (Exception)
        {
            Output.WriteLine(cluster.Log);
            throw;
        }
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
