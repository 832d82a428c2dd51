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
        return IsRemoved(from) ? PeerRefusal.Removed : PeerRefusal.None;
    }

    /// <summary>The cluster goes on without this member for good.</summary>
    internal bool IsRemoved(MemberId member) => _removedMembers.Contains(member);

    /// <summary>A member begins to hear from us.</summary>
    internal void PeerConnected(MemberId from, IReadOnlyList<string> urls, PeerConnection connection) => _network.Attach(from, urls, connection);

    /// <summary>A member hears from us no more: evidence that its process ended, unless it made another connection before.</summary>
    internal void PeerDisconnected(MemberId from, PeerConnection connection)
    {
        if (_network.Detach(from, connection))
            LostPeer(from);
    }

    /// <summary>Takes a message; waits when the log thread is behind. False when nothing more is to be heard from its sender.</summary>
    private bool Receive(Message message)
    {
        // It may have missed the entry that says so, and would go on asking for votes.
        if (IsRemoved(message.From))
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

    /// <summary>This member was removed from its cluster: there is nothing left for it to do.</summary>
    private void Removed()
    {
        if (Interlocked.Exchange(ref _isRemoved, 1) != 0)
            return;
        Log.Removed(_logger, Self.ToString());
        _options.OnRemoved();
    }
}
