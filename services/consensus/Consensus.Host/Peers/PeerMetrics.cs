using Consensus.Contracts;
using Hosting.Metrics;

namespace Consensus.Host.Peers;

/// <summary>What goes to and comes from the other members, each by itself. Thread-safe.</summary>
internal sealed class PeerMetrics
{
    private readonly Labeled<Gauge> _known = new(static () => new Gauge(), "Local", "Remote");
    private readonly Labeled<Gauge> _active = new(static () => new Gauge(), "Local", "Remote");
    private readonly Labeled<Counter> _disconnected = new(static () => new Counter(), "Local", "Remote");
    private readonly Labeled<Counter> _sentBytes = new(static () => new Counter(), "To");
    private readonly Labeled<Counter> _sentFailures = new(static () => new Counter(), "To");
    private readonly Labeled<Counter> _receivedBytes = new(static () => new Counter(), "From");
    private readonly Labeled<Counter> _receivedFailures = new(static () => new Counter(), "From");
    private readonly Labeled<Histogram> _roundTrips = new(static () => new Histogram(Buckets.Doubling(0.0001, 16)), "To");

    /// <summary>The instruments of one member.</summary>
    public Member Of(MemberId peer)
    {
        var name = peer.ToString();
        return new Member(_sentBytes.With(name), _sentFailures.With(name), _receivedBytes.With(name), _receivedFailures.With(name), _roundTrips.With(name));
    }

    public void Known(MemberId self, MemberId peer, bool isKnown) => _known.With(self.ToString(), peer.ToString()).Value = isKnown ? 1 : 0;

    public void Connected(MemberId self, MemberId peer) => _active.With(self.ToString(), peer.ToString()).Value = 1;

    public void Disconnected(MemberId self, MemberId peer)
    {
        _active.With(self.ToString(), peer.ToString()).Value = 0;
        _disconnected.With(self.ToString(), peer.ToString()).Increment();
    }

    public void Describe(MetricRegistry registry)
    {
        registry.Add("etcd_network_known_peers", "The current number of known peers.", _known);
        registry.Add("etcd_network_active_peers", "The current number of active peer connections.", _active);
        registry.Add("etcd_network_disconnected_peers_total", "The total number of disconnected peers.", _disconnected);
        registry.Add("etcd_network_peer_sent_bytes_total", "The total number of bytes sent to peers.", _sentBytes);
        registry.Add("etcd_network_peer_sent_failures_total", "The total number of send failures from peers.", _sentFailures);
        registry.Add("etcd_network_peer_received_bytes_total", "The total number of bytes received from peers.", _receivedBytes);
        registry.Add("etcd_network_peer_received_failures_total", "The total number of receive failures from peers.", _receivedFailures);
        registry.Add("etcd_network_peer_round_trip_time_seconds", "Round-Trip-Time histogram between peers.", _roundTrips);
    }

    /// <summary>Of one member.</summary>
    public sealed record Member(Counter SentBytes, Counter SentFailures, Counter ReceivedBytes, Counter ReceivedFailures, Histogram RoundTripSeconds);
}
