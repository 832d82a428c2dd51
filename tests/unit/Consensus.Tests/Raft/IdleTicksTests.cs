using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>
/// Goal: whoever sleeps through the ticks that the node calls idle misses nothing, and sleeps through no fewer than that. Method: tick on in every role; an idle tick
/// does nothing, one that is not does something.
/// </summary>
public sealed class IdleTicksTests : SingleNodeTests
{
    [Theory]
    [InlineData("follower")]
    [InlineData("candidate")]
    [InlineData("leader")]
    [InlineData("leader that gives up")]
    [InlineData("unheard leader")]
    public void IdleTicks_InEveryRole_AreThoseThatDoNothing(string role)
    {
        var node = In(role);
        var (idleTicks, dueTicks) = (0, 0);
        for (var i = 0; i < 1000; i++)
        {
            if (role.StartsWith("leader", StringComparison.Ordinal) && node.Role == Role.Leader)
                Step(node, new Message(MessageKind.HeartbeatAnswer, C, A, node.Term));
            var (idle, before) = (node.IdleTicks, StateOf(node));
            node.Tick();
            Work(node);
            var isChanged = _sent.Count > 0 || StateOf(node) != before;
            if (idle > 0)
            {
                Assert.False(isChanged, $"tick {i}, of which {idle} were to be idle, did something");
                Assert.Equal(idle - 1, node.IdleTicks);
                idleTicks++;
            }
            else
            {
                // A leader that hears of its quorum has nothing to show for having looked.
                dueTicks += isChanged ? 1 : 0;
            }
        }
        Assert.InRange(idleTicks, 800, 990);
        Assert.InRange(dueTicks, 1000 - idleTicks - 10, 1000 - idleTicks);
    }

    private RaftNode In(string role)
    {
        _disk.Presume(Configurations.Of(1, 2, 3));
        // No multiple of each other: what is due at the same tick as something else would not be missed.
        var node = Start(new RaftOptions { Self = A, Seed = 1, HeartbeatTicks = 10, ElectionTimeoutTicks = 97 });
        if (role == "follower")
            return node;
        Elect(node, untilLeader: role != "candidate");
        if (role != "leader that gives up")
            return node;
        for (var i = 0; i < 4; i++)
            node.Tick();
        node.TransferLeadership(B);
        Work(node);
        return node;
    }

    private void Elect(RaftNode node, bool untilLeader)
    {
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        Step(node, new Message(MessageKind.PreVoteAnswer, B, A, new(node.Term.Value + 1)));
        if (untilLeader)
            Step(node, new Message(MessageKind.VoteAnswer, B, A, node.Term));
        Assert.Equal(untilLeader ? Role.Leader : Role.Candidate, node.Role);
    }

    private static (Role, Term, MemberId, MemberId) StateOf(RaftNode node) => (node.Role, node.Term, node.Leader, node.LeadTransferee);
}
