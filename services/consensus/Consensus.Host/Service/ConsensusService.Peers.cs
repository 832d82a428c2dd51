using System.Collections.Concurrent;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers;

namespace Consensus.Host.Service;

// What comes from the other members, on their connections' threads.
public sealed partial class ConsensusService
{
    // The newest connection from each member: the end of an older one says nothing.
    private readonly ConcurrentDictionary<MemberId, IncomingConnection> _incoming = new();
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

    /// <summary>A member's connection to us begins.</summary>
    internal IncomingConnection PeerConnected(MemberId from)
    {
        var connection = new IncomingConnection();
        _incoming[from] = connection;
        // Removed since it was admitted: whoever removed it may have looked before the line above.
        if (ExclusionOf(from) is { } exclusion)
            connection.Exclude(exclusion);
        return connection;
    }

    /// <summary>A member's connection to us ended: evidence that its process did.</summary>
    internal void PeerDisconnected(MemberId from, IncomingConnection connection)
    {
        connection.End();
        if (_incoming.TryRemove(new KeyValuePair<MemberId, IncomingConnection>(from, connection)))
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

    // From here on: the log thread.

    /// <summary>Says to those who are out that they are: they stay until a majority has said so.</summary>
    private void Exclude(Exclusion exclusion)
    {
        _exclusion = exclusion;
        foreach (var (member, connection) in _incoming)
        {
            if (exclusion.IsOut(member))
                connection.Exclude(exclusion);
        }
    }

    /// <summary>To the members that this one knows of, from its log or from one that goes on without it: it needs the word of a majority of them.</summary>
    private void ConnectMembers() =>
        _network.SetMembers([.. (_departure.Newest?.Members ?? []).UnionBy(_status.Members, static member => member.Id)]);

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
