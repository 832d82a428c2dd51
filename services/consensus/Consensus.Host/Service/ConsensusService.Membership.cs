using Consensus.Contracts;
using Consensus.Core.Membership;
using Consensus.Core.Raft;
using Consensus.Host.Peers;
using Consensus.Host.Peers.Wire;
using Grpc.Core;

namespace Consensus.Host.Service;

/// <summary>What a leader made of a membership change: done or refused, and from which index on it can be seen.</summary>
internal readonly record struct ChangeOutcome(MembershipError Error, LogIndex Index, Term Term);

// Changes of the membership and of the leader, by whichever member they are asked.
public sealed partial class ConsensusService
{
    // How soon a change goes to the leader again that could not be reached, unless another leader shows up before.
    private static readonly TimeSpan s_askAgain = TimeSpan.FromMilliseconds(100);

    // etcd: a member counts as healthy for a reconfiguration once it has been connected for this long.
    private static readonly TimeSpan s_healthyFor = TimeSpan.FromSeconds(5);

    private sealed record PendingChange(MembershipChange Change, TaskCompletionSource<ChangeOutcome?> Done);

    private sealed record PendingTransfer(MemberId Target, int TicksLeft, TaskCompletionSource<TransferOutcome> Done);

    // Owned by the log thread: changes that wait for an earlier one, and the one that is in the log but not committed.
    private readonly Queue<PendingChange> _waitingChanges = new();
    private (PendingChange Change, LogIndex Index, Term Term)? _proposedChange;
    private PendingTransfer? _transfer;

    public async ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        deadline.CancelAfter(_options.ReadTimeout);
        try
        {
            while (true)
            {
                var changed = StatusChanged;
                var status = _status;
                var made = status.Leader == Self
                    ? await ChangeAsLeaderAsync(change, deadline.Token).ConfigureAwait(false)
                    : await AskLeaderAsync(status, change, deadline.Token).ConfigureAwait(false);
                if (made is { } outcome)
                {
                    var now = await GetStatusAsync(outcome.Index, deadline.Token).ConfigureAwait(false);
                    return new MembershipResult(outcome.Error, now.Members, outcome.Term);
                }
                await Task.WhenAny(changed, Task.Delay(s_askAgain, deadline.Token)).ConfigureAwait(false);
                deadline.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw _isStopping
                ? new LogUnavailableException(StoppingReason)
                : new NoLeaderException($"no leader made the change within {_options.ReadTimeout.TotalSeconds} s");
        }
    }

    public async ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation)
    {
        if (_isStopping)
            throw new LogUnavailableException(StoppingReason);
        var done = new TaskCompletionSource<TransferOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Request(() => OnTransfer(target, done));
        return await done.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes a change if this member leads; null when it does not, or lost leadership before the change was committed.</summary>
    internal async Task<ChangeOutcome?> ChangeAsLeaderAsync(MembershipChange change, CancellationToken cancellation)
    {
        if (_isStopping)
            return null;
        var pending = new PendingChange(change, new(TaskCreationOptions.RunContinuationsAsynchronously));
        Request(() => OnChange(pending));
        return await pending.Done.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<ChangeOutcome?> AskLeaderAsync(ConsensusStatus status, MembershipChange change, CancellationToken cancellation)
    {
        var leader = status.Members.FirstOrDefault(member => member.Id == status.Leader);
        if (leader is null || _network.CallChannel(leader) is not { } channel)
            return null;
        try
        {
            var reply = await new ConsensusPeer.ConsensusPeerClient(channel)
                .ChangeMembershipAsync(PeerWire.ToWire(change, Cluster), cancellationToken: cancellation).ConfigureAwait(false);
            return reply.NotLeader ? null : new ChangeOutcome((MembershipError)reply.Error, new(reply.Index), new(reply.Term));
        }
        catch (RpcException exception) when (!cancellation.IsCancellationRequested)
        {
            Log.LeaderUnreachable(_logger, leader.Id.ToString(), exception.Status.Detail);
            return null;
        }
        catch (RpcException exception)
        {
            // Cancelled, whatever the transport makes of it: by the caller, its deadline, or the end of this member.
            throw new OperationCanceledException(exception.Message, exception, cancellation);
        }
        catch (ObjectDisposedException)
        {
            // The member was removed between the look and the call.
            return null;
        }
    }

    /// <summary>Tells the cluster this member's name and client URLs, once it is a member and whenever they differ from what the cluster knows.</summary>
    private async Task PublishAttributesAsync(CancellationToken stopping)
    {
        var id = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        while (!stopping.IsCancellationRequested)
        {
            var changed = StatusChanged;
            var status = _status;
            try
            {
                if (status.Members.FirstOrDefault(member => member.Id == Self) is { } own && status.Leader != default)
                {
                    if (own.Name == _options.Name && own.ClientUrls.SequenceEqual(_options.AdvertiseClientUrls))
                    {
                        _published.TrySetResult(_commits.Commit);
                        return;
                    }
                    await ChangeMembershipAsync(
                        new MembershipChange(id, MembershipChangeKind.Publish, Self)
                        {
                            Name = _options.Name,
                            ClientUrls = _options.AdvertiseClientUrls,
                        },
                        stopping).ConfigureAwait(false);
                    Log.Published(_logger, Self.ToString(), _options.Name);
                    continue;
                }
            }
            catch (Exception exception) when (exception is NoLeaderException or LogUnavailableException or OperationCanceledException)
            {
                // Asked again as long as this member lives.
                Log.NotPublished(_logger, exception.Message);
            }
            await changed.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // From here on: the log thread.

    private void OnChange(PendingChange pending)
    {
        _waitingChanges.Enqueue(pending);
        MakeChanges();
    }

    private void MakeChanges()
    {
        while (_waitingChanges.TryPeek(out var pending))
        {
            if (pending.Done.Task.IsCompleted)
            {
                _waitingChanges.Dequeue();
                continue;
            }
            if (_raft.Role != Role.Leader || _isStopping)
            {
                _waitingChanges.Dequeue().Done.TrySetResult(null);
                continue;
            }
            if (_proposedChange is not null || !TryMake(pending))
                return;
            _waitingChanges.Dequeue();
        }
    }

    /// <summary>False when the log is not ready for a change now.</summary>
    private bool TryMake(PendingChange pending)
    {
        var current = _raft.Configuration!;
        var error = ErrorOf(current, pending.Change, out var next);
        if (error != MembershipError.None || ReferenceEquals(next, current))
        {
            pending.Done.TrySetResult(new ChangeOutcome(error, _raft.CommitIndex, _raft.Term));
            return true;
        }
        switch (_raft.ProposeConfiguration(next, out var index))
        {
            case RaftError.None:
                _proposedChange = (pending, index, _raft.Term);
                return true;
            case RaftError.NotLeader:
                pending.Done.TrySetResult(null);
                return true;
            default:
                return false;
        }
    }

    private MembershipError ErrorOf(ClusterConfiguration current, MembershipChange change, out ClusterConfiguration next)
    {
        next = current;
        // The answer got lost; the health of today says nothing about what was made then.
        if (MembershipRules.WasMade(current, change))
            return MembershipError.None;
        if (change.Kind == MembershipChangeKind.Promote && current.Find(change.Member) is { IsLearner: true }
            && !MembershipRules.IsInSync(_raft.MatchOf(change.Member), _raft.LastIndex))
        {
            return MembershipError.LearnerNotReady;
        }
        if (_options.StrictReconfigurationCheck
            && MembershipRules.CheckHealth(current, change, Self, _network.ConnectedFor(TimeSpan.Zero), _network.ConnectedFor(s_healthyFor))
                is var unhealthy and not MembershipError.None)
        {
            return unhealthy;
        }
        return MembershipRules.TryApply(current, change, out next);
    }

    /// <summary>After every turn: completes what is committed, gives up what is lost.</summary>
    private void SettleChanges()
    {
        if (_proposedChange is { } proposed)
        {
            if (_raft.Term != proposed.Term || _raft.Role != Role.Leader)
            {
                proposed.Change.Done.TrySetResult(null);
                _proposedChange = null;
            }
            else if (_raft.CommitIndex >= proposed.Index)
            {
                proposed.Change.Done.TrySetResult(new ChangeOutcome(MembershipError.None, proposed.Index, proposed.Term));
                _proposedChange = null;
            }
        }
        if (_waitingChanges.Count > 0)
            MakeChanges();
        if (_transfer is { } transfer && (_raft.Leader == transfer.Target || _raft.Role != Role.Leader && _raft.Leader != default))
            EndTransfer(_raft.Leader == transfer.Target ? TransferOutcome.Done : TransferOutcome.TimedOut);
    }

    private void OnTransfer(MemberId target, TaskCompletionSource<TransferOutcome> done)
    {
        if (_raft.Role != Role.Leader)
        {
            done.TrySetResult(TransferOutcome.NotLeader);
            return;
        }
        if (target == Self)
        {
            done.TrySetResult(TransferOutcome.Done);
            return;
        }
        var isVoter = _raft.Configuration?.Find(target) is { IsLearner: false };
        if (_transfer is not null)
            EndTransfer(TransferOutcome.TimedOut);
        if (!isVoter || _raft.TransferLeadership(target) != RaftError.None)
        {
            done.TrySetResult(TransferOutcome.BadTarget);
            return;
        }
        _transfer = new PendingTransfer(target, _options.ElectionTicks + 1, done);
    }

    private void TickTransfer()
    {
        if (_transfer is not { } transfer)
            return;
        if (transfer.TicksLeft > 0)
            _transfer = transfer with { TicksLeft = transfer.TicksLeft - 1 };
        else
            EndTransfer(TransferOutcome.TimedOut);
    }

    private void EndTransfer(TransferOutcome outcome)
    {
        _transfer?.Done.TrySetResult(outcome);
        _transfer = null;
    }

    /// <summary>The voter whose log is the most complete; default when there is no other.</summary>
    private MemberId BestSuccessor()
    {
        var connected = _network.ConnectedFor(TimeSpan.Zero);
        return _raft.Configuration is { } configuration
            ? configuration.Members.Where(member => !member.IsLearner && connected.Contains(member.Id))
                .OrderByDescending(member => _raft.MatchOf(member.Id).Value).FirstOrDefault()?.Id ?? default
            : default;
    }
}
