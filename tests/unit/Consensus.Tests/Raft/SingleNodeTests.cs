using Consensus.Contracts;
using Consensus.Core.Raft;

namespace Consensus.Tests.Raft;

/// <summary>Member 1, driven by hand-made messages, with a disk that stores at once.</summary>
public abstract class SingleNodeTests
{
    private protected static readonly MemberId A = new(1);
    private protected static readonly MemberId B = new(2);
    private protected static readonly MemberId C = new(3);

    private protected readonly MemoryLog _disk = new();
    private protected readonly List<Message> _sent = [];
    private protected readonly List<ReadResult> _reads = [];

    private protected RaftNode Node(int voters = 3, ulong term = 0, MemberId vote = default, long maxUncommitted = 1 << 20, params ulong[] logTerms)
    {
        for (var i = 0; i < logTerms.Length; i++)
            _disk.Entries.Add(new Entry(new((ulong)i + 1), new(logTerms[i]), EntryKind.Command, new byte[] { (byte)i }));
        _disk.HardState = new HardState(new(term), vote, default);
        _disk.Presume(Configurations.Of([.. new ulong[] { 1, 2, 3, 4, 5 }.Take(voters)]));
        return Start(new RaftOptions { Self = A, Seed = 1, MaxUncommittedBytes = maxUncommitted });
    }

    private protected RaftNode Start(RaftOptions options) =>
        new(options, _disk.HardState, _disk.Terms(), _disk.Configurations(), _disk);

    private protected void Work(RaftNode node)
    {
        _sent.Clear();
        while (node.TryTakeReady(out var ready))
        {
            _disk.Store(ready);
            _sent.AddRange(ready.Messages);
            _sent.AddRange(ready.MessagesAfterPersist);
            node.Advance(ready);
            _reads.AddRange(ready.Reads);
        }
    }

    private protected void Step(RaftNode node, Message message)
    {
        Assert.Equal(RaftError.None, node.Step(message));
        Work(node);
    }

    private protected RaftNode Leader(int voters = 3, long maxUncommitted = 1 << 20, params ulong[] logTerms)
    {
        var node = Node(voters, term: logTerms.DefaultIfEmpty().Max(), maxUncommitted: maxUncommitted, logTerms: logTerms);
        Elect(node);
        return node;
    }

    private protected void Elect(RaftNode node)
    {
        while (node.Role == Role.Follower)
            node.Tick();
        Work(node);
        Step(node, new Message(MessageKind.PreVoteAnswer, B, A, new(node.Term.Value + 1)));
        if (node.Role != Role.Candidate)
            Step(node, new Message(MessageKind.PreVoteAnswer, C, A, new(node.Term.Value + 1)));
        Assert.Equal(Role.Candidate, node.Role);
        Step(node, new Message(MessageKind.VoteAnswer, B, A, node.Term));
        if (node.Role != Role.Leader)
            Step(node, new Message(MessageKind.VoteAnswer, C, A, node.Term));
        Assert.Equal(Role.Leader, node.Role);
    }

    private protected static Message Vote(MemberId from, ulong term, ulong lastIndex = 0, ulong lastTerm = 0) =>
        new(MessageKind.VoteRequest, from, A, new(term)) { Index = new(lastIndex), IndexTerm = new(lastTerm) };

    private protected static Message Append(MemberId from, ulong term, ulong previous, ulong previousTerm, ulong commit, params ulong[] terms) =>
        new(MessageKind.AppendRequest, from, A, new(term))
        {
            Index = new(previous),
            IndexTerm = new(previousTerm),
            Commit = new(commit),
            Entries = [.. terms.Select((t, i) => new Entry(new(previous + 1 + (ulong)i), new(t), EntryKind.Command, new byte[] { 9 }))],
        };
}
