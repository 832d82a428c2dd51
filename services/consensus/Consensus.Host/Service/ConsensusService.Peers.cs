using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers;

namespace Consensus.Host.Service;

// What comes from the other members, on their connections' threads.
public sealed partial class ConsensusService
{
    private int _isRemoved;

    /// <summary>May this member talk to us?</summary>
    internal PeerRefusal Admit(ClusterId cluster, MemberId from, MemberId to)
    {
        if (cluster != Cluster)
        {
            Log.CallerOfOtherCluster(_logger, from.ToString(), cluster.ToString(), Cluster.ToString());
            return PeerRefusal.OtherCluster;
        }
        if (to != Self)
            return PeerRefusal.OtherMember;
        return ExclusionOf(from) is null ? PeerRefusal.None : PeerRefusal.Removed;
    }

    /// <summary>Not null when the cluster goes on without this member for good.</summary>
    internal Exclusion? ExclusionOf(MemberId member) => _exclusion is { } exclusion && exclusion.IsOut(member) ? exclusion : null;

    /// <summary>A member begins to hear from us.</summary>
    internal void PeerConnected(MemberId from, IReadOnlyList<string> urls, PeerConnection connection)
    {
        _network.Attach(from, urls, connection);
        // Removed since it was admitted: whoever removed it may have looked before the line above.
        if (ExclusionOf(from) is not null)
            connection.Abort();
    }

    /// <summary>A member hears from us no more: evidence that its process ended, unless it made another connection before.</summary>
    internal void PeerDisconnected(MemberId from, PeerConnection connection)
    {
        if (_network.Detach(from, connection))
            LostPeer(from);
    }

    /// <summary>A part of a message has come, from the member or, as it says, to it.</summary>
    internal void MessageUnderWay(MemberId peer)
    {
        if (!_isStopping)
            Request(() => _raft.MessageUnderWay(peer));
    }

    /// <summary>Takes a message; waits when the log thread is behind. False when nothing more is to be heard from its sender.</summary>
    private bool Receive(Message message)
    {
        // It may have missed the entry that says so, and would go on asking for votes.
        if (ExclusionOf(message.From) is not null)
            return false;
        try
        {
            var entering = _inbound.EnqueueAsync(message, PeerWire.BytesOf(message), CancellationToken.None);
            if (!entering.IsCompletedSuccessfully)
                entering.AsTask().GetAwaiter().GetResult();
            return true;
        }
        catch (LogUnavailableException)
        {
            // This member is going.
            return false;
        }
    }

    private void LostPeer(MemberId peer)
    {
        if (!_isStopping)
            Request(() => OnPeerLost(peer));
    }

    // From here on: the log thread.

    /// <summary>
    /// To the members that this one knows of, from its log or from one that goes on without it: it needs the word of a majority of them. Those who are out
    /// lose their connections, and hear why when they dial again.
    /// </summary>
    private void ConnectMembers() =>
        _network.SetMembers([.. (_departure.Newest?.Members ?? []).UnionBy(_status.Members, static member => member.Id)], _exclusion);

    private void OnExcluded(MemberId by, Exclusion exclusion)
    {
        if (!exclusion.IsOut(Self) || !_departure.Refused(by, exclusion.Index, exclusion.Configuration))
            return;
        ConnectMembers();
        if (_departure.MayLeave)
            Removed();
    }

    /// <summary>This member was removed from its cluster: there is nothing left for it to do.</summary>
    private void Removed()
    {
        if (Interlocked.Exchange(ref _isRemoved, 1) != 0)
            return;
        Log.Removed(_logger, Self.ToString());
        _options.OnRemoved();
    }
}
