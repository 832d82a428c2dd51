using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Consensus.Contracts;

namespace Consensus.Tests.Client;

/// <summary>How a member behaves.</summary>
public enum Behaviour
{
    Answers,

    /// <summary>Takes calls and never answers: SIGSTOP.</summary>
    Frozen,

    /// <summary>Refuses the connection.</summary>
    Gone,

    /// <summary>Answers that it knows no leader.</summary>
    Leaderless,

    /// <summary>Keeps what it is asked until <see cref="ScriptedConsensus.Answer"/>.</summary>
    Waits,

    /// <summary>Answers, but keeps what is proposed: there is no leader to hand it to.</summary>
    HoldsBack,
}

/// <summary>A member that does as told and notes what it is asked.</summary>
internal sealed class ScriptedConsensus(ulong id) : IConsensus
{
    public Behaviour Behaviour { get; set; }

    public ulong Leader { get; set; } = 1;

    /// <summary>What its tail brings.</summary>
    public ReadOnlyMemory<byte> Command { get; set; } = new[] { (byte)id };

    public ConcurrentQueue<string> Asked { get; } = new();

    public ConcurrentQueue<MembershipChange> Changes { get; } = new();

    public Stream? LastStream { get; private set; }

    private readonly TaskCompletionSource _mayAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _proposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when something is proposed.</summary>
    public Task Proposed => _proposed.Task;

    public void Answer() => _mayAnswer.TrySetResult();

    public IProposalStream OpenProposals() => LastStream = new Stream(this);

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await AnswerAsync("tail", true, cancellation);
        yield return new CommittedBatch([new Entry(from, new(1), EntryKind.Command, Command)], from);
        await Task.Delay(Timeout.Infinite, cancellation);
    }

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) =>
        AnswerAsync("read", new ReadIndex(new(10 + id), new(1)), cancellation);

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) => AnswerAsync("status", Status(0), cancellation);

    public ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation) =>
        AnswerAsync("status at", Status(atLeast.Value), cancellation);

    public ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation)
    {
        Changes.Enqueue(change);
        return AnswerAsync("change", new MembershipResult(MembershipError.PeerUrlExists, Status(0).Members, new(4)), cancellation);
    }

    public ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation) =>
        AnswerAsync($"transfer {target}", Leader == id ? TransferOutcome.BadTarget : TransferOutcome.NotLeader, cancellation);

    public async ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation) =>
        await AnswerAsync($"durable {storageReplica} {durable}", true, cancellation);

    public async ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation) =>
        await AnswerAsync($"keep {storageReplica} {after}", true, cancellation);

    private ConsensusStatus Status(ulong commit) => new(
        new(9), new(id), new(Leader), new(3), new(commit), new(commit + 1), IsLearner: false,
        [new Member(new(id), "name", ["http://peer:1"], ["http://client:2"], IsLearner: true)]);

    private async ValueTask<T> AnswerAsync<T>(string call, T answer, CancellationToken cancellation)
    {
        Asked.Enqueue(call);
        switch (Behaviour)
        {
            case Behaviour.Frozen:
                await Task.Delay(Timeout.Infinite, cancellation);
                throw new OperationCanceledException(cancellation);
            case Behaviour.Gone:
                throw new LogUnavailableException("connection refused");
            case Behaviour.Waits:
                await _mayAnswer.Task.WaitAsync(cancellation);
                return answer;
            case Behaviour.Leaderless when call is "read" or "change":
                throw new NoLeaderException("no leader");
            default:
                return answer;
        }
    }

    internal sealed class Stream(ScriptedConsensus owner) : IProposalStream
    {
        // Continuations run at once, so that a test knows when they have.
        private readonly TaskCompletionSource<ProposalStreamEnd> _broken = new();

        public ScriptedConsensus Owner { get; } = owner;

        public Task<ProposalStreamEnd> Broken => _broken.Task;

        public void Break(ProposalStreamEnd end) => _broken.TrySetResult(end);

        public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
        {
            Owner._proposed.TrySetResult();
            return Owner.Behaviour == Behaviour.HoldsBack ? new ValueTask(Owner._mayAnswer.Task.WaitAsync(cancellation)) : default;
        }

        public ValueTask DisposeAsync() => default;
    }
}
