using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Whole clusters under a seed: a lossy network, crashes, partitions. Safety is checked by <see cref="Cluster"/> after every step.</summary>
public class ClusterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public void Run_LossDelayReorderCrash_StaysSafeAndRecovers(int members)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var cluster = new Cluster(members, seed) { DropRate = 0.1, RepeatRate = 0.02, MaxDelay = 4, StoreRate = seed % 2 == 0 ? 1 : 0.5 };
            var history = new History(cluster, seed);
            history.Run(400);
            Assert.True(history.Proposed > 0 && cluster.Committed.Count > 2, $"seed {seed}: nothing happened");
            AssertRecovers(cluster, seed);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Run_MembersChange_StaysSafeAndRecovers(int members)
    {
        var changes = 0;
        var resets = 0;
        for (var seed = 1; seed <= 30; seed++)
        {
            var cluster = new Cluster(members, seed) { DropRate = 0.05, RepeatRate = 0.02, MaxDelay = 3, StoreRate = seed % 2 == 0 ? 1 : 0.5 };
            var history = new History(cluster, seed) { ChangesMembers = true };
            history.Run(400);
            AssertRecovers(cluster, seed);
            changes += history.Changes;
            resets += cluster.Resets;
        }
        Assert.True(changes > 30 && resets > 0, $"{changes} changes, {resets} resets: too little happened");
    }

    private static void AssertRecovers(Cluster cluster, int seed)
    {
        cluster.Recover();
        Assert.True(
            cluster.RunUntil(() => cluster.Leader is { LeadTransferee.Value: 0 } && cluster.TryPropose("last")), $"seed {seed}: no leader after healing: {cluster}");
        Assert.True(cluster.RunUntil(() =>
        {
            // A leader that was about to lose its place may have lost this one too.
            if (!cluster.HasCommitted("last") && cluster.Leader is { IsReadable: true } leader && leader.LastIndex == leader.CommitIndex)
                cluster.TryPropose("last");
            return cluster.HasCommitted("last") && cluster.HasConverged;
        }), $"seed {seed}: members do not converge: {cluster}");
    }

    [Fact]
    public void Run_SameSeed_GivesSameHistory()
    {
        string History()
        {
            var cluster = new Cluster(3, seed: 42) { DropRate = 0.2, MaxDelay = 3 };
            for (var i = 0; i < 200; i++)
            {
                cluster.TryPropose($"{i}");
                cluster.Step();
            }
            return string.Join(',', cluster.Committed.Select(entry => $"{entry.Index}/{entry.Term}/{entry.Data.Length}"));
        }

        var first = History();
        Assert.NotEmpty(first);
        Assert.Equal(first, History());
    }

    [Fact]
    public void Isolate_Leader_StepsDownAndAnotherLeads()
    {
        var cluster = new Cluster(3, seed: 5);
        Assert.True(cluster.RunUntil(() => cluster.Leader is { IsReadable: true }));
        var old = cluster.Leader!;
        cluster.Isolate(old.Leader);
        var oldId = old.Leader;
        Assert.True(cluster.RunUntil(() => old.Role != Role.Leader && cluster.Leader is not null && cluster.Leader.Leader != oldId));
        // Pre-vote: the isolated member did not raise its term, so it disturbs nobody when it comes back.
        var term = cluster.Leader!.Term;
        cluster.Heal();
        Assert.True(cluster.RunUntil(() => old.Leader == cluster.Leader!.Leader));
        Assert.Equal(term, cluster.Leader!.Term);
    }

    [Fact]
    public void RequestRead_LeaderAndFollower_ConfirmedByQuorumRound()
    {
        var cluster = new Cluster(3, seed: 9);
        Assert.True(cluster.RunUntil(() => cluster.Leader is { IsReadable: true }));
        Assert.True(cluster.TryPropose("x"));
        Assert.True(cluster.RunUntil(() => cluster.Committed.Count == 3));
        var follower = cluster.Nodes.First(node => node.Role == Role.Follower && node.Leader != default);
        Assert.Equal(RaftError.None, cluster.Leader!.RequestRead(1));
        Assert.Equal(RaftError.None, follower.RequestRead(2));
        Assert.True(cluster.RunUntil(() => cluster.Reads.Count == 2));
        Assert.All(cluster.Reads, read => Assert.True(read.IsConfirmed && read.Index.Value == 3));
    }

    [Fact]
    public void RequestRead_LeaderCutOff_IsNeverConfirmed()
    {
        var cluster = new Cluster(3, seed: 11);
        Assert.True(cluster.RunUntil(() => cluster.Leader is { IsReadable: true }));
        var old = cluster.Leader!;
        cluster.Isolate(old.Leader);
        Assert.Equal(RaftError.None, old.RequestRead(7));
        Assert.True(cluster.RunUntil(() => cluster.Reads.Count == 1));
        Assert.False(cluster.Reads[0].IsConfirmed);
    }
}
