using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>What happens to a cluster under a seed: load, reads, crashes, partitions, and as asked for changes of its members.</summary>
internal sealed class History(Cluster cluster, int seed)
{
    private readonly Random _random = new(seed * 7919);

    public bool ChangesMembers { get; init; }
    public int Proposed { get; private set; }
    public int Changes { get; private set; }

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            Happen(step);
            cluster.Step();
        }
    }

    private void Happen(int step)
    {
        var ids = cluster.Members.Keys.ToArray();
        var id = ids[_random.Next(ids.Length)];
        switch (_random.Next(60))
        {
            case 0 when cluster.IsUp(id) && ids.Count(cluster.IsUp) > ids.Length / 2:
                cluster.Crash(id);
                Notice(id);
                break;
            case < 4 when !cluster.IsUp(id):
                cluster.Start(id);
                break;
            case 4:
                cluster.Isolate(id);
                Notice(id);
                break;
            case 5 or 6:
                cluster.Heal();
                break;
            case 7 when cluster.Leader is { } leader:
                cluster.Isolate(leader.Leader);
                Notice(leader.Leader);
                break;
            case 8 when cluster.Leader is { } leader:
                leader.TransferLeadership(id);
                break;
            case 9 or 10 when cluster.IsUp(id):
                cluster.Members[id].Drop(new(cluster.Node(id).CommitIndex.Value - (ulong)_random.Next(3)));
                break;
            case 11 when cluster.IsUp(id):
                cluster.Node(id).PeerUnreachable(cluster.Node(id).Leader);
                break;
            case < 15 when ChangesMembers && cluster.Leader is { Configuration: { } configuration } leader:
                ChangeMembers(leader, configuration);
                break;
            case < 25 when cluster.IsUp(id):
                cluster.TryRead(id);
                break;
            case < 50:
                Proposed += cluster.TryPropose($"command {step}") ? 1 : 0;
                break;
            default:
                break;
        }
    }

    /// <summary>Peers see the broken connection, or do not.</summary>
    private void Notice(MemberId lost)
    {
        foreach (var node in cluster.Nodes.Where(_ => _random.Next(2) == 0))
            node.PeerUnreachable(lost);
    }

    private void ChangeMembers(RaftNode leader, ClusterConfiguration current)
    {
        var voters = current.Voters().ToList();
        var learners = current.Learners().ToList();
        var removed = current.Removed.Select(id => id.Value).ToList();
        var count = 1 + (_random.Next(3) == 0 ? 2 : 0);
        for (var i = 0; i < count; i++)
            ChangeOne(voters, learners, removed);
        if (voters.Count == 0)
            return;
        if (leader.ProposeConfiguration(Configurations.With([.. voters], [.. learners], [.. removed]), out _) == RaftError.None)
            Changes++;
    }

    private void ChangeOne(List<ulong> voters, List<ulong> learners, List<ulong> removed)
    {
        switch (_random.Next(5))
        {
            case 0 when cluster.Members.Count < 9 && voters.Count < 7:
                voters.Add(cluster.AddJoiner().Value);
                break;
            case 1 when cluster.Members.Count < 9 && learners.Count == 0:
                learners.Add(cluster.AddJoiner().Value);
                break;
            case 2 when learners.Count > 0:
                voters.Add(learners[0]);
                learners.RemoveAt(0);
                break;
            case 3 when voters.Count > 1:
                var leaving = voters[_random.Next(voters.Count)];
                voters.Remove(leaving);
                removed.Add(leaving);
                break;
            case 4 when voters.Count > 2 && learners.Count == 0:
                learners.Add(voters[0]);
                voters.RemoveAt(0);
                break;
            default:
                break;
        }
    }
}
