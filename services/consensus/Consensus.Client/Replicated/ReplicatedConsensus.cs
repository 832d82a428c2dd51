using System.Runtime.CompilerServices;
using Consensus.Contracts;

namespace Consensus.Client.Replicated;

/// <summary>
/// Several members behind one contract. Any member serves, so it sticks to one, and leaves it only on evidence against that very member: it fails or falls silent, or
/// it leaves unanswered what another one answers. A change of leader is none: who left for that would come by a member that is gone. Thread-safe.
/// </summary>
public sealed partial class ReplicatedConsensus : IConsensus
{
    private readonly IReadOnlyList<IConsensus> _members;
    private readonly ReplicatedOptions _options;
    private readonly TimeProvider _time;
    private readonly ReadIndexBatcher _reads;
    private int _current;

    /// <param name="members">At least one; they stay the caller's.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="time">Null: the system's.</param>
    public ReplicatedConsensus(IReadOnlyList<IConsensus> members, ReplicatedOptions? options = null, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(members.Count, nameof(members));
        (_members, _options, _time) = (members, options ?? new ReplicatedOptions(), time ?? TimeProvider.System);
        _current = _options.First is { } first ? first % members.Count : Random.Shared.Next(members.Count);
        _reads = new ReadIndexBatcher(AskReadIndexAsync);
    }

    public IProposalStream OpenProposals()
    {
        var at = Volatile.Read(ref _current);
        var stream = _members[at].OpenProposals();
        if (_members.Count > 1)
            _ = LeaveWhenLostAsync(stream.Broken, at);
        return stream;
    }

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var at = Volatile.Read(ref _current);
        await using var tail = _members[at].TailAsync(from, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await tail.MoveNextAsync().ConfigureAwait(false))
                    throw new LogUnavailableException("the member ended the tail");
            }
            catch (LogUnavailableException)
            {
                Leave(at);
                throw;
            }
            yield return tail.Current;
        }
    }

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) =>
        _members.Count == 1 ? _members[0].ReadIndexAsync(cancellation) : _reads.NextAsync(cancellation);

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) =>
        EachInTurnAsync(static (member, _, token) => member.GetStatusAsync(token), 0, _options.StatusAttempt, cancellation);

    public ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation) =>
        EachInTurnAsync(static (member, index, token) => member.GetStatusAsync(index, token), atLeast, _options.StatusAttempt, cancellation);

    public ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation) =>
        EachInTurnAsync(static (member, asked, token) => member.ChangeMembershipAsync(asked, token), change, _options.ChangeAttempt, cancellation);

    /// <summary>Asks the member that commands go to, and no other one: what it does not know is not worth a search.</summary>
    public ValueTask<EntryTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation) =>
        _members[Volatile.Read(ref _current)].GetTimesAsync(index, cancellation);

    /// <summary>Asks the member that leads, whichever it is: who holds this object is no member himself.</summary>
    public async ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation)
    {
        var asked = await Task.WhenAll(_members.Select(member => StatusOrNullAsync(member, cancellation))).ConfigureAwait(false);
        // A deposed leader may not know yet that it is one: the newest term tells.
        var leader = Enumerable.Range(0, _members.Count)
            .Where(i => asked[i] is { } status && status.Self == status.Leader)
            .OrderByDescending(i => asked[i]!.Term)
            .Cast<int?>()
            .FirstOrDefault();
        if (leader is { } at)
        {
            if (asked[at]!.Self == target)
                return TransferOutcome.Done;
            return await _members[at].TransferLeadershipAsync(target, cancellation).ConfigureAwait(false);
        }
        return asked.Any(static status => status is not null)
            ? TransferOutcome.NotLeader
            : throw new LogUnavailableException("no consensus member can be reached");
    }

    /// <summary>
    /// Tells every member, since each keeps its own account of what it may drop (I9). One that missed it learns with the next report.
    /// </summary>
    /// <exception cref="LogUnavailableException">No member could be told.</exception>
    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation) =>
        TellAllAsync((member, token) => member.ReportDurableAsync(storageReplica, durable, token), cancellation);

    /// <summary>Tells every member, for each has a log of its own and any of them may be the next to be tailed.</summary>
    /// <exception cref="LogUnavailableException">No member could be told.</exception>
    public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation) =>
        TellAllAsync((member, token) => member.KeepAsync(storageReplica, after, token), cancellation);

    private async ValueTask TellAllAsync(Func<IConsensus, CancellationToken, ValueTask> tell, CancellationToken cancellation)
    {
        var failures = await Task.WhenAll(_members.Select(async member =>
        {
            try
            {
                await AttemptAsync(
                    async token =>
                    {
                        await tell(member, token).ConfigureAwait(false);
                        return true;
                    },
                    _options.StatusAttempt, cancellation).ConfigureAwait(false);
                return null;
            }
            catch (LogUnavailableException e)
            {
                return e;
            }
        })).ConfigureAwait(false);
        if (failures.All(static failure => failure is not null))
            throw new LogUnavailableException("no consensus member can be reached", failures[0]);
    }

    /// <summary>Whoever comes next starts at the member after this one, unless somebody has moved on already.</summary>
    private void Leave(int at) => Prefer(After(at), insteadOf: at);

    private void Prefer(int member, int insteadOf) => Interlocked.CompareExchange(ref _current, member, insteadOf);

    private int After(int at) => (at + 1) % _members.Count;

    private async Task LeaveWhenLostAsync(Task<ProposalStreamEnd> broken, int at)
    {
        if (await broken.ConfigureAwait(false) == ProposalStreamEnd.MemberLost)
            Leave(at);
    }

    private async Task<ConsensusStatus?> StatusOrNullAsync(IConsensus member, CancellationToken cancellation)
    {
        try
        {
            return await AttemptAsync(member.GetStatusAsync, _options.StatusAttempt, cancellation).ConfigureAwait(false);
        }
        catch (LogUnavailableException)
        {
            return null;
        }
    }
}
