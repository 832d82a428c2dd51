using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Entries that are on their way for longer than members wait for each other; ticks and messages made by hand, an election timeout of ten ticks.</summary>
public sealed class LargeEntryTests : SingleNodeTests
{
    private const int ElectionTicks = 10;

    [Fact]
    public void MessageUnderWay_FromTheLeader_PutsOffTheElection()
    {
        var node = FollowerOfB();
        for (var i = 0; i < 10 * ElectionTicks; i++)
        {
            node.Tick();
            node.MessageUnderWay(B);
        }
        Assert.Equal((Role.Follower, B), (node.Role, node.Leader));
        // Nor does it help another member to one.
        Step(node, new Message(MessageKind.PreVoteRequest, C, A, new(node.Term.Value + 1)) { Index = new(9), IndexTerm = new(9) });
        Assert.DoesNotContain(_sent, message => message.Kind == MessageKind.PreVoteAnswer && !message.Rejected);
    }

    [Fact]
    public void MessageUnderWay_FromTheLeaderAndThenNothing_AnElectionAfterTheTimeout()
    {
        var node = FollowerOfB();
        for (var i = 0; i < 3 * ElectionTicks; i++)
        {
            node.Tick();
            node.MessageUnderWay(B);
        }
        for (var i = 0; i < 2 * ElectionTicks; i++)
            node.Tick();
        Assert.Equal(Role.PreCandidate, node.Role);
    }

    [Fact]
    public void MessageUnderWay_FromAnotherMember_PutsOffNothing()
    {
        var node = FollowerOfB();
        for (var i = 0; i < 2 * ElectionTicks; i++)
        {
            node.Tick();
            node.MessageUnderWay(C);
        }
        Assert.Equal(Role.PreCandidate, node.Role);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MessageUnderWay_ToAFollower_CountsForTheQuorum(bool isUnderWay)
    {
        var node = Leader();
        for (var i = 0; i < 5 * ElectionTicks && node.Role == Role.Leader; i++)
        {
            node.Tick();
            if (isUnderWay)
                node.MessageUnderWay(B);
            Work(node);
        }
        Assert.Equal(isUnderWay ? Role.Leader : Role.Follower, node.Role);
    }

    [Fact]
    public void MessageUnderWay_WithSomebodyUnknown_IsNothing()
    {
        var node = Leader();
        node.MessageUnderWay(new MemberId(99));
        Assert.Equal(Role.Leader, node.Role);
    }

    [Fact]
    public void Probe_BeforeALargeEntry_IsEmptyUntilThePointIsKnown()
    {
        var node = Leader();
        var point = node.LastIndex;
        Step(node, Accepted(point));
        Assert.Equal(RaftError.None, node.Propose([new byte[new RaftOptions { Self = A, Seed = 1 }.MaxProbeBytes + 1]], out var large));
        Work(node);
        Assert.Equal(large, Assert.Single(_sent, message => message.To == B && message.Entries is { Length: > 0 }).Entries![0].Index);

        // The connection breaks: nobody knows what came of it. Heartbeats that were on their way are answered, each with a probe, and none carries the entry.
        node.PeerUnreachable(B);
        for (var answer = 0; answer < 5; answer++)
        {
            Step(node, new Message(MessageKind.HeartbeatAnswer, B, A, node.Term));
            Assert.Contains(_sent, message => message is { Kind: MessageKind.AppendRequest, Entries: null or { Length: 0 } } && message.To == B && message.Index == point);
            Assert.DoesNotContain(_sent, message => message.Entries is { Length: > 0 });
        }
        Step(node, Accepted(point));
        Assert.Equal(large, Assert.Single(_sent, message => message.To == B && message.Entries is { Length: > 0 }).Entries![0].Index);
        // Sent ahead: answers to heartbeats bring nothing more of it.
        Step(node, new Message(MessageKind.HeartbeatAnswer, B, A, node.Term));
        Assert.DoesNotContain(_sent, message => message.Entries is { Length: > 0 });

        Message Accepted(LogIndex index) => new(MessageKind.AppendAnswer, B, A, node.Term) { Index = index };
    }

    private RaftNode FollowerOfB()
    {
        var node = Node();
        Step(node, new Message(MessageKind.Heartbeat, B, A, new(1)));
        Assert.Equal(B, node.Leader);
        return node;
    }
}
