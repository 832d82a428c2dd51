using System.Collections.Concurrent;
using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Peers.Wire;
using Consensus.Host.Service;
using Grpc.Net.Client;
using Hosting.Clients;
using Hosting.Tls;
using Liveness;
using Microsoft.Extensions.Logging;

namespace Consensus.Host.Peers;

/// <summary>The other members as this one reaches them, and how long each has been there. Thread-safe, but for what is for one thread.</summary>
internal sealed class PeerNetwork : IAsyncDisposable
{
    private readonly ClusterId _cluster;
    private readonly MemberId _self;
    private readonly ConsensusMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Timer _beats;

    // Guards who is linked: members of the configuration, and those who came and are connected.
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<MemberId, PeerLink> _links = new();
    private readonly Dictionary<MemberId, IReadOnlyList<string>> _guests = [];
    private Dictionary<MemberId, IReadOnlyList<string>> _members = [];
    private readonly IReadOnlyList<string> _configuredUrls;
    private IReadOnlyList<string> _ownUrls;
    private bool _isEnded;

    // The values of the links.
    private volatile PeerLink[] _all = [];

    // Since when each connected member has been connected, as a timestamp of the monotonic clock.
    private readonly ConcurrentDictionary<MemberId, long> _connectedSince = new();

    // What was said last about a member that cannot be reached: the same is not said again.
    private readonly ConcurrentDictionary<MemberId, string> _lastFailure = new();

    private readonly Dictionary<MemberId, (string Url, GrpcChannel Channel)> _callChannels = [];

    // Of each connected member: ends the call that holds the connection of its channel.
    private readonly ConcurrentDictionary<MemberId, CancellationTokenSource> _held = new();

    /// <summary>A connection to a member broke. Evidence that its process ended, though no proof.</summary>
    public Action<MemberId> OnLost { get; init; } = static _ => { };

    /// <summary>Another member says that it goes on without this one.</summary>
    public Action<MemberId, Exclusion> OnExcluded { get; init; } = static (_, _) => { };

    /// <summary>A part of a message came from a member, which says nothing else meanwhile.</summary>
    public Action<MemberId> OnUnderWay { get; init; } = static _ => { };

    /// <summary>A message came.</summary>
    public required Func<Message, bool> Receive { get; init; }

    /// <summary>For URLs with https.</summary>
    public ClientTls? Tls { get; }

    /// <param name="cluster">Whose members these are.</param>
    /// <param name="self">Who this is.</param>
    /// <param name="ownUrls">Where the others find this member, whatever the cluster knows.</param>
    /// <param name="tls">For URLs with https; null: the system's authorities.</param>
    /// <param name="metrics">Counts what goes and comes.</param>
    /// <param name="logger">Where connections are logged.</param>
    public PeerNetwork(ClusterId cluster, MemberId self, IReadOnlyList<string> ownUrls, ClientTls? tls, ConsensusMetrics metrics, ILogger logger)
    {
        (_cluster, _self, _configuredUrls, _ownUrls, Tls, _metrics, _logger) = (cluster, self, ownUrls, ownUrls, tls, metrics, logger);
        _beats = new Timer(static state => ((PeerNetwork)state!).Beat(), this, PeerProtocol.BeatPeriod, PeerProtocol.BeatPeriod);
    }

    /// <summary>Makes the links those of <paramref name="members"/>, this member left out.</summary>
    /// <param name="members">Who takes part.</param>
    /// <param name="exclusion">Who does no longer: their connections end, and they hear why when they dial again. Null is nobody.</param>
    public void SetMembers(IReadOnlyList<Member> members, Exclusion? exclusion)
    {
        lock (_gate)
        {
            foreach (var id in _guests.Keys.Where(id => exclusion?.IsOut(id) == true).ToList())
                _guests.Remove(id);
            _members = members.Where(member => member.Id != _self && member.PeerUrls.Count > 0).ToDictionary(member => member.Id, member => member.PeerUrls);
            if (members.FirstOrDefault(member => member.Id == _self) is { PeerUrls.Count: > 0 } own)
                _ownUrls = [.. _configuredUrls.Union(own.PeerUrls)];
            LinkAll();
        }
    }

    /// <summary>A member hears from us now, on a connection of its own: what is sent to it goes there.</summary>
    /// <param name="peer">Who it is; perhaps nobody that this member knows yet.</param>
    /// <param name="urls">Where it says that it can be dialled.</param>
    /// <param name="connection">The connection.</param>
    public void Attach(MemberId peer, IReadOnlyList<string> urls, PeerConnection connection)
    {
        lock (_gate)
        {
            if (urls.Count > 0)
                _guests[peer] = [.. urls];
            LinkAll();
            if (_links.TryGetValue(peer, out var link))
                link.Outbox.Attach(connection);
            else
                connection.Abort();
        }
    }

    /// <summary>The connection is gone.</summary>
    /// <returns>It was the one that the member used.</returns>
    public bool Detach(MemberId peer, PeerConnection connection)
    {
        lock (_gate)
        {
            if (!_links.TryGetValue(peer, out var link) || !link.Outbox.Detach(connection))
                return false;
            _guests.Remove(peer);
            LinkAll();
            return true;
        }
    }

    /// <summary>Takes a message for a member until <see cref="Flush"/>, or drops it. For one thread.</summary>
    public void Send(in Message message)
    {
        if (_links.TryGetValue(message.To, out var link))
            link.Outbox.Post(message);
        else
            Failed(message);
    }

    /// <summary>Sends what was taken. For the same thread.</summary>
    public void Flush()
    {
        foreach (var link in _all)
            link.Outbox.Flush();
    }

    /// <summary>The members that are connected at this moment, and for at least <paramref name="atLeast"/>; this one is not among them.</summary>
    public IReadOnlySet<MemberId> ConnectedFor(TimeSpan atLeast) =>
        _connectedSince.Where(pair => Stopwatch.GetElapsedTime(pair.Value) >= atLeast).Select(pair => pair.Key).ToHashSet();

    /// <summary>A channel for calls to a member, kept until it moves; null when its URLs are not known.</summary>
    public GrpcChannel? CallChannel(Member member) => member.PeerUrls.Count == 0 ? null : CallChannel(member.Id, member.PeerUrls[0]);

    public async ValueTask DisposeAsync()
    {
        await _beats.DisposeAsync().ConfigureAwait(false);
        KeyValuePair<MemberId, PeerLink>[] links;
        lock (_gate)
        {
            _isEnded = true;
            links = [.. _links];
            _links.Clear();
        }
        await Task.WhenAll(links.Select(pair => EndAsync(pair.Key, pair.Value))).ConfigureAwait(false);
        lock (_gate)
        {
            foreach (var (_, channel) in _callChannels.Values)
                channel.Dispose();
            _callChannels.Clear();
        }
    }

    internal PeerHello HelloTo(MemberId peer)
    {
        var hello = new PeerHello { ClusterId = _cluster.Value, From = _self.Value, To = peer.Value };
        hello.PeerUrls.AddRange(Volatile.Read(ref _ownUrls));
        return hello;
    }

    /// <summary>What is counted of a member.</summary>
    internal PeerMetrics.Member MetricsOf(MemberId peer) => _metrics.Peers.Of(peer);

    /// <summary>A message does not go out.</summary>
    internal void Failed(in Message message)
    {
        _metrics.Peers.Of(message.To).SentFailures.Increment();
        if (message.Kind == MessageKind.Heartbeat)
            _metrics.HeartbeatsFailed(1);
    }

    /// <summary>What became of the appends to each member that messages go to.</summary>
    internal IReadOnlyList<FollowerTraffic> Appends() => [.. _links.Select(static pair => pair.Value.Outbox.Appends.Read(pair.Key)).OrderBy(static peer => peer.Member.Value)];

    /// <summary>Members that messages go to.</summary>
    internal int LinkCount => _all.Length;

    /// <summary>Hands a message on; false when nothing more is to be heard from its sender.</summary>
    internal bool TryReceive(PeerMessage message, MemberId from) => Receive(PeerWire.FromWire(message, from, _self));

    /// <param name="peer">Who is connected.</param>
    /// <param name="url">Where calls to it go.</param>
    internal void Connected(MemberId peer, string url)
    {
        _connectedSince[peer] = Stopwatch.GetTimestamp();
        _metrics.Peers.Connected(_self, peer);
        _lastFailure.TryRemove(peer, out _);
        Log.PeerConnected(_logger, _self.ToString(), peer.ToString());
        Hold(peer, url);
    }

    internal void Lost(MemberId peer)
    {
        if (!_connectedSince.TryRemove(peer, out _))
            return;
        _metrics.Peers.Disconnected(_self, peer);
        Log.PeerLost(_logger, _self.ToString(), peer.ToString());
        OnLost(peer);
        // Not asked for again and again where it cannot be: the link says when it is back.
        LetGo(peer);
    }

    internal void Excluded(MemberId by, PeerWelcome word)
    {
        if (!ConfigurationFormat.TryDecode(word.Configuration.Span, out var configuration))
            throw new IOException("the member says that this one was removed by a configuration that cannot be read");
        OnExcluded(by, new Exclusion(new(word.RemovedAt), configuration));
    }

    internal void ConnectionFailed(MemberId peer, string url, Exception exception)
    {
        var reason = exception.Message;
        if (_lastFailure.TryGetValue(peer, out var last) && last == reason)
            return;
        _lastFailure[peer] = reason;
        switch ((exception as PeerRefusedException)?.Refusal)
        {
            case PeerRefusal.OtherCluster:
                Log.PeerOfOtherCluster(_logger, peer.ToString(), url, _cluster.ToString());
                break;
            default:
                Log.PeerUnreachable(_logger, peer.ToString(), url, reason);
                break;
        }
    }

    private GrpcChannel? CallChannel(MemberId id, string url)
    {
        lock (_gate)
        {
            if (_isEnded)
                return null;
            if (_callChannels.TryGetValue(id, out var known))
            {
                if (known.Url == url)
                    return known.Channel;
                known.Channel.Dispose();
            }
            var channel = ChannelFactory.CreateForPeer(url, Tls, cluster: _cluster.ToString());
            _callChannels[id] = (url, channel);
            return channel;
        }
    }

    // Whoever is there may lead next: proposals to it should find a connection.
    private void Hold(MemberId peer, string url)
    {
        if (CallChannel(peer, url) is not { } channel)
            return;
        LetGo(peer);
        var calls = new ConsensusPeer.ConsensusPeerClient(channel);
        var holding = _held.GetOrAdd(peer, static _ => new CancellationTokenSource());
        _ = HeldConnection.KeepAsync(cancellation => calls.Hold(new HoldRequest(), cancellationToken: cancellation), new Uri(url), TimeProvider.System, holding.Token);
    }

    private void LetGo(MemberId peer)
    {
        if (!_held.TryRemove(peer, out var holding))
            return;
        holding.Cancel();
        holding.Dispose();
    }

    private void LinkAll()
    {
        if (_isEnded)
            return;
        foreach (var id in _members.Keys.Union(_guests.Keys))
        {
            // All of them: the member may have moved and the cluster not know, or the other way round.
            IReadOnlyList<string> urls = [.. _members.GetValueOrDefault(id, []).Union(_guests.GetValueOrDefault(id, []))];
            if (_links.TryGetValue(id, out var link))
                link.Urls = urls;
            else
            {
                _links[id] = new PeerLink(this, id, urls);
                _metrics.Peers.Known(_self, id, true);
            }
        }
        foreach (var (id, link) in _links)
        {
            if (!_members.ContainsKey(id) && !_guests.ContainsKey(id) && _links.TryRemove(id, out _))
            {
                _metrics.Peers.Known(_self, id, false);
                _ = EndAsync(id, link);
            }
        }
        _all = [.. _links.Values];
    }

    private void Beat()
    {
        foreach (var link in _all)
            link.Beat();
    }

    private async Task EndAsync(MemberId id, PeerLink link)
    {
        await link.EndAsync().ConfigureAwait(false);
        lock (_gate)
        {
            // It came back meanwhile: what is kept is the new link's.
            if (_links.ContainsKey(id))
                return;
            _connectedSince.TryRemove(id, out _);
            _lastFailure.TryRemove(id, out _);
            if (_callChannels.Remove(id, out var known))
                known.Channel.Dispose();
        }
    }
}
