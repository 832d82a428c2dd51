using System.Collections.Concurrent;
using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers.Wire;
using Consensus.Host.Service;
using Grpc.Core;
using Grpc.Net.Client;
using Hosting.Clients;
using Microsoft.Extensions.Logging;

namespace Consensus.Host.Peers;

/// <summary>The other members as this one reaches them, and how long each has been there. Thread-safe.</summary>
/// <param name="cluster">Whose members these are.</param>
/// <param name="self">Who this is.</param>
/// <param name="metrics">Counts what is dropped.</param>
/// <param name="logger">Where connections are logged.</param>
internal sealed class PeerNetwork(ClusterId cluster, MemberId self, ConsensusMetrics metrics, ILogger logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<MemberId, PeerLink> _links = new();

    // Since when each connected member has been connected, as a timestamp of the monotonic clock.
    private readonly ConcurrentDictionary<MemberId, long> _connectedSince = new();

    // What was said last about a member that cannot be reached: the same is not said again.
    private readonly ConcurrentDictionary<MemberId, string> _lastFailure = new();

    private readonly ConcurrentDictionary<MemberId, GrpcChannel> _callChannels = new();

    /// <summary>A connection to a member broke. Evidence that its process ended, though no proof.</summary>
    public Action<MemberId> OnLost { get; init; } = static _ => { };

    /// <summary>Another member says that it goes on without this one.</summary>
    public Action<MemberId, Exclusion> OnExcluded { get; init; } = static (_, _) => { };

    /// <summary>Makes the links those of <paramref name="members"/>, this member left out. For one thread.</summary>
    public void SetMembers(IReadOnlyList<Member> members)
    {
        foreach (var member in members)
        {
            if (member.Id == self || member.PeerUrls.Count == 0)
                continue;
            if (_links.TryGetValue(member.Id, out var link))
                link.SetUrls(member.PeerUrls);
            else
                _links[member.Id] = new PeerLink(this, member.Id, member.PeerUrls);
        }
        foreach (var (id, link) in _links)
        {
            if (members.All(member => member.Id != id) && _links.TryRemove(id, out _))
                _ = EndAsync(id, link);
        }
    }

    /// <summary>Sends, or drops.</summary>
    public void Send(in Message message)
    {
        if (_links.TryGetValue(message.To, out var link))
            link.Post(message);
        else
            Dropped();
    }

    /// <summary>The members that are connected at this moment, and for at least <paramref name="atLeast"/>; this one is not among them.</summary>
    public IReadOnlySet<MemberId> ConnectedFor(TimeSpan atLeast) =>
        _connectedSince.Where(pair => Stopwatch.GetElapsedTime(pair.Value) >= atLeast).Select(pair => pair.Key).ToHashSet();

    /// <summary>A channel for calls to a member, kept; null when its URLs are not known.</summary>
    public GrpcChannel? CallChannel(Member member) =>
        member.PeerUrls.Count == 0 ? null : _callChannels.GetOrAdd(member.Id, static (_, url) => ChannelFactory.CreateForPeer(url), member.PeerUrls[0]);

    public async ValueTask DisposeAsync()
    {
        var links = _links.ToArray();
        _links.Clear();
        await Task.WhenAll(links.Select(pair => EndAsync(pair.Key, pair.Value))).ConfigureAwait(false);
        foreach (var channel in _callChannels.Values)
            channel.Dispose();
    }

    internal PeerHello HelloTo(MemberId peer) => new() { ClusterId = cluster.Value, From = self.Value, To = peer.Value };

    internal void Dropped() => metrics.MessageDropped();

    internal void Connected(MemberId peer)
    {
        _connectedSince[peer] = Stopwatch.GetTimestamp();
        _lastFailure.TryRemove(peer, out _);
        Log.PeerConnected(logger, self.ToString(), peer.ToString());
    }

    internal void Lost(MemberId peer)
    {
        if (!_connectedSince.TryRemove(peer, out _))
            return;
        Log.PeerLost(logger, self.ToString(), peer.ToString());
        OnLost(peer);
    }

    internal void Excluded(MemberId by, PeerWelcome word)
    {
        if (!ConfigurationFormat.TryDecode(word.Configuration.Span, out var configuration))
            throw new IOException("the member says that this one was removed by a configuration that cannot be read");
        OnExcluded(by, new Exclusion(new(word.RemovedAt), configuration));
    }

    internal void ConnectionFailed(MemberId peer, string url, Exception exception)
    {
        var refusal = exception is RpcException rpc && int.TryParse(rpc.Trailers.GetValue(PeerWire.RefusedTrailer), out var code)
            ? (PeerRefusal)code
            : PeerRefusal.None;
        var reason = refusal == PeerRefusal.None && exception is RpcException { InnerException: { } inner } ? inner.Message : exception.Message;
        if (_lastFailure.TryGetValue(peer, out var last) && last == reason)
            return;
        _lastFailure[peer] = reason;
        switch (refusal)
        {
            case PeerRefusal.OtherCluster:
                Log.PeerOfOtherCluster(logger, peer.ToString(), url, cluster.ToString());
                break;
            default:
                Log.PeerUnreachable(logger, peer.ToString(), url, reason);
                break;
        }
    }

    private async Task EndAsync(MemberId id, PeerLink link)
    {
        await link.DisposeAsync().ConfigureAwait(false);
        _connectedSince.TryRemove(id, out _);
        if (_callChannels.TryRemove(id, out var channel))
            channel.Dispose();
    }
}
