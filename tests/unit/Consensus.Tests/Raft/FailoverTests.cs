using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>How long a cluster is without a leader when its leader's process ends and connections to it break, in ticks of a tenth of a heartbeat.</summary>
public sealed class FailoverTests
{
    private const int HeartbeatTicks = 10;
    private const int Seeds = 1000;

    // Three heartbeats, and far less than an election timeout, which is ten.
    private const int MaxTicks = 30;

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void PeerUnreachable_LeaderEnds_AnotherLeadsLongBeforeTheElectionTimeout(int members)
    {
        var slow = new List<string>();
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var (ticks, state) = TicksWithoutLeader(members, seed);
            if (ticks >= MaxTicks)
                slow.Add($"seed {seed}: {ticks} ticks; {state}");
        }
        Assert.True(slow.Count == 0, $"{slow.Count} of {Seeds} took {MaxTicks} ticks or more: {string.Join(Environment.NewLine, slow.Take(5))}");
    }

    private static (int Ticks, string State) TicksWithoutLeader(int members, int seed)
    {
        var random = new Random(seed);
        var cluster = new Cluster(members, seed, heartbeatTicks: HeartbeatTicks) { MaxDelay = 1 + random.Next(2) };
        Assert.True(cluster.RunUntil(() => cluster.Leader is { IsReadable: true }));
        for (var step = random.Next(40); step > 0; step--)
        {
            // Followers differ in what they have when the leader ends.
            if (random.Next(3) == 0)
                cluster.TryPropose($"{step}");
            cluster.Step();
        }
        // A disk that takes a while.
        cluster.StoreRate = random.Next(2) == 0 ? 1 : 0.7;
        var lost = cluster.Leader!.Leader;
        var term = cluster.Leader.Term;
        cluster.Crash(lost);

        // Each survivor loses two connections: its own, while the other one may still hold messages, and that one after the last of them.
        var first = cluster.Members.Keys.ToDictionary(id => id, _ => random.Next(8));
        var second = cluster.Members.Keys.ToDictionary(id => id, id => Math.Max(cluster.MaxDelay, first[id]) + random.Next(3));
        var ticks = 0;
        for (; cluster.Leader is not { } leader || leader.Term == term; ticks++)
        {
            foreach (var node in cluster.Members.Values.Where(member => member.Node is not null))
            {
                if (ticks == first[node.Id] || ticks == second[node.Id])
                    node.Node!.PeerUnreachable(lost);
            }
            cluster.Step();
            if (ticks > 20 * MaxTicks)
                break;
        }
        return (ticks, cluster.ToString());
    }
}
