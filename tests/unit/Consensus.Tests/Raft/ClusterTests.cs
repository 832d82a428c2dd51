using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Whole clusters under a seed: a lossy network, crashes, partitions. Safety is checked by <see cref="Cluster"/> after every step.</summary>
public class ClusterTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Run_LossDelayReorderCrash_StaysSafeAndRecovers(int members)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var cluster = new Cluster(members, seed) { DropRate = 0.1, MaxDelay = 4 };
            var random = new Random(seed * 7919);
            var proposed = 0;
            for (var step = 0; step < 400; step++)
            {
                var id = cluster.Ids[random.Next(members)];
                switch (random.Next(40))
                {
                    case 0 when cluster.Nodes.Count > members / 2 + 1:
                        cluster.Crash(id);
                        break;
                    case 1 or 2 when !cluster.Nodes.ContainsKey(id):
                        cluster.Restart(id);
                        break;
                    case 3:
                        cluster.Isolate(id);
                        break;
                    case 4 or 5:
                        cluster.Heal();
                        break;
                    case < 25:
                        proposed += cluster.TryPropose($"command {step}") ? 1 : 0;
                        break;
                    default:
                        break;
                }
                cluster.Step();
            }
            cluster.Heal();
            cluster.DropRate = 0;
            foreach (var id in cluster.Ids.Where(id => !cluster.Nodes.ContainsKey(id)))
                cluster.Restart(id);

            Assert.True(cluster.RunUntil(() => cluster.Leader is not null && cluster.TryPropose("last")), $"seed {seed}: no leader after healing");
            Assert.True(
                cluster.RunUntil(() => cluster.Committed.Count > 0 && cluster.Committed[^1].Data.Span.SequenceEqual("last"u8)
                    && cluster.Nodes.Values.All(node => node.CommitIndex.Value == (ulong)cluster.Committed.Count)),
                $"seed {seed}: members do not converge");
            Assert.True(proposed > 0 && cluster.Committed.Count > 1, $"seed {seed}: nothing happened");
        }
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
        Assert.True(cluster.RunUntil(() => cluster.Committed.Count == 2));
        var follower = cluster.Nodes.Values.First(node => node.Role == Role.Follower && node.Leader != default);
        Assert.Equal(RaftError.None, cluster.Leader!.RequestRead(1));
        Assert.Equal(RaftError.None, follower.RequestRead(2));
        Assert.True(cluster.RunUntil(() => cluster.Reads.Count == 2));
        Assert.All(cluster.Reads, read => Assert.True(read.IsConfirmed && read.Index.Value == 2));
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
