using Consensus.Contracts;
using Consensus.Host.Peers;
using Consensus.Host.Wal;
using Hosting.Metrics;

namespace Consensus.Host.Service;

/// <summary>Metrics of one member, under etcd's names. Thread-safe.</summary>
internal sealed class ConsensusMetrics
{
    private readonly Gauge _committed = new();
    private readonly Counter _leaderChanges = new();
    private readonly Counter _lateHeartbeats = new();

    public WalMetrics Wal { get; } = new();

    public PeerMetrics Peers { get; } = new();

    public void Committed(ulong index) => _committed.Value = (long)index;

    /// <summary>Another leader than the one before, somebody or other.</summary>
    public void LeaderChanged() => _leaderChanges.Increment();

    /// <summary>Heartbeats go out later than they should, or not at all.</summary>
    public void HeartbeatsFailed(int count) => _lateHeartbeats.Add(count);

    /// <summary>Names all of them.</summary>
    /// <param name="registry">Where.</param>
    /// <param name="service">Whose status is shown.</param>
    public void Describe(MetricRegistry registry, ConsensusService service)
    {
        registry.Add(
            "etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", MetricKind.Gauge,
            () => service.Status.Leader.Value != 0 ? 1 : 0);
        registry.Add("etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.", MetricKind.Gauge, () => service.IsLeader ? 1 : 0);
        registry.Add(
            "etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise.", MetricKind.Gauge,
            () => service.Status.IsLearner ? 1 : 0);
        registry.AddText("etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", "server_id", () => service.Self.ToString());
        registry.Add("etcd_server_leader_changes_seen_total", "The number of leader changes seen.", _leaderChanges);
        registry.Add(
            "etcd_server_heartbeat_send_failures_total", "The total number of leader heartbeat send failures (likely overloaded from slow disk).", _lateHeartbeats);
        registry.Add("etcd_server_proposals_committed_total", "The total number of consensus proposals committed.", _committed);
        Wal.Describe(registry);
        Peers.Describe(registry);
    }
}

/// <summary>Tells of a registered service's metrics.</summary>
internal sealed class ConsensusMetricSource(ConsensusService service) : IMetricSource
{
    public void Describe(MetricRegistry registry) => service.Metrics.Describe(registry, service);
}
