using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Clocks;
using Chaos.Tests.Harness.Network;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: whatever goes wrong, the answers are those of one store that does one request after the other (I1, I5, I8), and the cluster goes on as long as a majority
/// is well. Method: clients on all members record everything; a fault strikes, the cluster must serve again before it is mended, and the member
/// concerned after; the history is checked.
/// </summary>
[Collection(MemberClusters.Name)]
public sealed class LinearizableUnderFaultsTests(SharedCluster shared, ITestOutputHelper output) : ClusterScenario(output)
{
    // Enough that some were asked for after the fault.
    private const int ServingAgain = 300;

    [ChaosFact]
    public Task LeaderKilled_ThenRestarted_StaysLinearizable() => RunMixedAsync(3, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        await leader.KillAsync();
        await workload.AcknowledgedAsync(ServingAgain);
        leader.Start();
        await workload.AcknowledgedAsync(10, by: leader);
    });

    [ChaosFact]
    public Task LeaderAndAnotherOfFiveKilled_ThenRestarted_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        var follower = cluster.AllBut(leader).First();
        await Task.WhenAll(leader.KillAsync(), follower.KillAsync());
        await workload.AcknowledgedAsync(ServingAgain);
        leader.Start();
        follower.Start();
        await workload.AcknowledgedAsync(10, by: leader);
        await workload.AcknowledgedAsync(10, by: follower);
    }, new ClusterOptions { Members = 5 });

    [ChaosFact]
    public Task LeaderFrozen_ThenThawed_StaysLinearizable() => RunMixedAsync(2, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        leader.Freeze();
        await cluster.LeaderAsync(otherThan: leader);
        await workload.AcknowledgedAsync(ServingAgain);
        leader.Thaw();
        await workload.AcknowledgedAsync(10, by: leader);
    });

    [ChaosFact]
    public Task LeaderCutOff_ThenHealed_StaysLinearizable() => LeaderCutAsync(Direction.Both);

    [ChaosFact]
    public Task LeaderHearsNobody_ThenHealed_StaysLinearizable() => LeaderCutAsync(Direction.Incoming);

    [ChaosFact]
    public Task LeaderIsHeardByNobody_ThenHealed_StaysLinearizable() => LeaderCutAsync(Direction.Outgoing);

    [ChaosFact]
    public Task LeaderConnectionsReset_ThenHealed_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        cluster.Network.Reset(leader.Number);
        await cluster.LeaderAsync(otherThan: leader);
        await workload.AcknowledgedAsync(ServingAgain);
        cluster.Network.Heal();
        await workload.AcknowledgedAsync(10, by: leader);
    });

    [ChaosFact]
    public Task FollowerCutOff_ThenHealed_StaysLinearizable() => RunMixedAsync(2, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        var follower = cluster.AllBut(leader).First();
        cluster.Network.Cut(follower.Number, Direction.Both);
        await workload.AcknowledgedAsync(5 * ServingAgain);
        cluster.Network.Heal();
        await workload.AcknowledgedAsync(10, by: follower);
    });

    [ChaosFact]
    public Task PeersSlow_ThenHealed_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        cluster.Network.Delay(leader.Number, Direction.Both, TimeSpan.FromMilliseconds(40));
        await workload.AcknowledgedAsync(ServingAgain);
        cluster.Network.Heal();
    });

    [ChaosFact]
    public Task EachMemberRestarted_OneAfterTheOther_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        foreach (var member in cluster.Members)
        {
            await member.TerminateAsync();
            await workload.AcknowledgedAsync(ServingAgain);
            member.Start();
            await workload.AcknowledgedAsync(10, by: member);
            await cluster.AllHealthyAsync();
        }
    });

    [ChaosFact]
    public Task AllMembersKilled_ThenRestarted_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        await Task.WhenAll(cluster.Members.Select(member => member.KillAsync()));
        foreach (var member in cluster.Members)
            member.Start();
        await workload.AcknowledgedAsync(ServingAgain);
    });

    [ChaosFact(Need.OwnDisk)]
    public Task DiskSlow_OfLeaderThenOfFollower_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        await using (leader.Disk!.Slow())
            await workload.AcknowledgedAsync(ServingAgain);
        await workload.AcknowledgedAsync(50);
        leader = await cluster.LeaderAsync();
        await using (cluster.AllBut(leader).First().Disk!.Slow())
            await workload.AcknowledgedAsync(2 * ServingAgain);
    }, new ClusterOptions { OwnDisks = true });

    [ChaosFact(Need.OwnDisk)]
    public Task DiskFull_OfLeader_StaysLinearizable() => RunMixedAsync(1, async (cluster, workload) =>
    {
        // A member may live on what it has allocated, refuse writes, or end: its choice. Others go on.
        var leader = await cluster.LeaderAsync();
        await leader.Disk!.FillAsync();
        await workload.AcknowledgedAsync(3 * ServingAgain, by: cluster.AllBut(leader).First());
        leader.Disk.Empty();
        if (!leader.IsRunning)
        {
            Output.WriteLine("the member whose disk was full ended");
            await leader.BuryAsync();
            leader.Start();
        }
        else
        {
            Output.WriteLine("the member whose disk was full went on");
        }
        await cluster.AllHealthyAsync();
        await workload.AcknowledgedAsync(10, by: leader);
    }, new ClusterOptions { OwnDisks = true }, paddingBytes: 16 * 1024);

    [ChaosFact(Need.OwnClock)]
    public Task ClockJumps_OfLeader_StaysLinearizableAndLeasesStay() => RunMixedAsync(1, async (cluster, workload) =>
    {
        const string Key = "leased";
        var limit = TimeSpan.FromSeconds(10);
        var leader = await cluster.LeaderAsync();
        using var channel = EtcdCalls.Connect(leader.Endpoint);
        var lease = await EtcdCalls.GrantAsync(channel, new LeaseGrantRequest { TTL = 600 }, limit);
        await EtcdCalls.PutAsync(channel, new PutRequest { Key = ByteString.CopyFromUtf8(Key), Lease = lease.ID }, limit);
        foreach (var offset in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromHours(-1), TimeSpan.Zero])
        {
            leader.Clock!.Set(offset);
            await Poll.UntilAsync("the member's clock to jump", limit, async () => FakeClock.Shows(await leader.TimeAsync(), offset));
            await workload.AcknowledgedAsync(ServingAgain);
            var left = await EtcdCalls.RangeAsync(channel, new RangeRequest { Key = ByteString.CopyFromUtf8(Key) }, limit);
            Assert.True(left.Kvs.Count == 1, $"the lease ended with the clock off by {offset} (I7)");
        }
    }, new ClusterOptions { OwnClocks = true });

    private Task RunMixedAsync(int rounds, Func<ChaosCluster, WorkloadRun, Task> fault) =>
        shared.RunAsync(() => ClusterProgram.Chosen, (cluster, first) => RunMixedAsync(cluster, first, rounds, fault));

    private Task LeaderCutAsync(Direction direction) => RunMixedAsync(1, async (cluster, workload) =>
    {
        var leader = await cluster.LeaderAsync();
        cluster.Network.Cut(leader.Number, direction);
        await cluster.LeaderAsync(otherThan: leader);
        await workload.AcknowledgedAsync(ServingAgain);
        cluster.Network.Heal();
        await workload.AcknowledgedAsync(10, by: leader);
    });
}
