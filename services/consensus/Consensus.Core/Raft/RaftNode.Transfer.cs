using Consensus.Contracts;
using Consensus.Core.Progress;

namespace Consensus.Core.Raft;

// Leadership transfer (Raft thesis §3.10), and how a leader that is no longer a voter goes (§4.2.2).
public sealed partial class RaftNode
{
    private int _transferElapsedTicks;

    // Set when a leader is no voter any more: it goes once this is committed.
    private LogIndex? _retireAt;

    private bool IsLeaving => LeadTransferee != default || _retireAt is not null;

    /// <summary>Whom this leader is handing over to; default is nobody. Proposals are refused meanwhile.</summary>
    public MemberId LeadTransferee { get; private set; }

    /// <summary>
    /// Begins to make <paramref name="target"/> the leader: takes no proposals, brings it up to date, and tells it to campaign at once. Given up
    /// after an election timeout. Done when <see cref="Leader"/> is the target.
    /// </summary>
    public RaftError TransferLeadership(MemberId target)
    {
        if (Role != Role.Leader)
            return RaftError.NotLeader;
        if (!IsVoter(target))
            return RaftError.BadTransferee;
        if (LeadTransferee != default)
            return LeadTransferee == target ? RaftError.None : RaftError.TransferInProgress;
        if (target == _options.Self)
            return RaftError.None;

        LeadTransferee = target;
        _transferElapsedTicks = 0;
        var peer = PeerOf(target)!;
        if (peer.Match < _log.Last)
            SendAppends(peer, evenEmpty: true);
        else
            SendTimeoutNow(peer);
        return RaftError.None;
    }

    private void TickTransfer()
    {
        if (LeadTransferee != default && ++_transferElapsedTicks >= _options.ElectionTimeoutTicks)
            LeadTransferee = default;
    }

    // At every answer of the transferee, for the message may have been lost; a second one changes nothing.
    private void ContinueTransfer(PeerProgress peer)
    {
        if (peer.Id == LeadTransferee && peer.Match == _log.Last)
            SendTimeoutNow(peer);
    }

    private void SendTimeoutNow(PeerProgress peer) => SendAsLeader(new Message(MessageKind.TimeoutNow, _options.Self, peer.Id, Term));

    private void OnTimeoutNow()
    {
        if (IsPromotable)
            Campaign(isTransfer: true);
    }

    private void EndTransfer()
    {
        LeadTransferee = default;
        _retireAt = null;
    }

    /// <summary>
    /// This leader is no voter any more. It leads on, uncounted, until the new configuration is known to be in effect by a majority of its voters: those hold one
    /// more entry, which came with that news. Else nobody left might know, and all might need the vote of one who is gone.
    /// </summary>
    private void Retire()
    {
        Append(new Entry(_log.Last.Next, Term, EntryKind.Empty, default));
        _retireAt = _log.Last;
    }

    /// <summary>Says what is committed, names the voter whose log is longest, and follows.</summary>
    private void HandOver()
    {
        BroadcastAppend();
        PeerProgress? best = null;
        foreach (var peer in _peers)
        {
            if (IsVoter(peer.Id) && (best is null || IsBetter(peer, best)))
                best = peer;
        }
        if (best is not null)
            SendTimeoutNow(best);
        BecomeFollower(Term, leader: default);
    }

    private static bool IsBetter(PeerProgress one, PeerProgress other) =>
        one.IsRecentlyActive != other.IsRecentlyActive ? one.IsRecentlyActive : one.Match > other.Match;
}
