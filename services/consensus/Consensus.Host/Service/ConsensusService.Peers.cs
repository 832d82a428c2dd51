using System.Collections.Concurrent;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers;

namespace Consensus.Host.Service;

// What comes from the other members, on their connections' threads.
public sealed partial class ConsensusService
{
    // The newest connection from each member: the end of an older one says nothing.
    private readonly ConcurrentDictionary<MemberId, long> _incoming = new();
    private long _lastConnection;
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

    /// <summary>A member's connection to us begins.</summary>
    internal long PeerConnected(MemberId from)
    {
        var connection = Interlocked.Increment(ref _lastConnection);
        _incoming[from] = connection;
        return connection;
    }

    /// <summary>A member's connection to us ended: evidence that its process did.</summary>
    internal void PeerDisconnected(MemberId from, long connection)
    {
        if (_incoming.TryRemove(new KeyValuePair<MemberId, long>(from, connection)))
            LostPeer(from);
    }

    /// <summary>Takes a message; waits when the log thread is behind.</summary>
    internal ValueTask ReceiveAsync(in Message message, CancellationToken cancellation) =>
        _inbound.EnqueueAsync(message, PeerWire.BytesOf(message), cancellation);

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
