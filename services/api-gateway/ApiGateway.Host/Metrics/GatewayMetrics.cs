using ApiGateway.Host.Admin;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Proposing;
using Hosting.Metrics;

namespace ApiGateway.Host.Metrics;

/// <summary>What a gateway knows of proposals, reads and promotions, under etcd's names, and which release it stands for.</summary>
internal sealed class GatewayMetrics(Proposer proposer, ReadBarrier barrier, MembershipChanges changes, GatewayOptions options) : IMetricSource
{
    public void Describe(MetricRegistry registry)
    {
        registry.AddText(
            "etcd_server_version", "Which version is running. 1 for 'server_version' label with current version.", "server_version", () => options.ServerVersion);
        // Major and minor number, as etcd shows it here.
        registry.AddText(
            "etcd_cluster_version", "Which version is running. 1 for 'cluster_version' label with current cluster version", "cluster_version",
            () => options.ClusterVersion[..options.ClusterVersion.LastIndexOf('.')]);
        registry.Add("etcd_server_proposals_pending", "The current number of pending proposals to commit.", MetricKind.Gauge, () => proposer.Pending);
        registry.Add("etcd_server_proposals_failed_total", "The total number of failed proposals seen.", proposer.Failed);
        registry.Add(
            "etcd_server_slow_read_indexes_total", "The total number of pending read indexes not in sync with leader's or timed out read index requests.",
            barrier.SlowReads);
        registry.Add("etcd_server_read_indexes_failed_total", "The total number of failed read indexes seen.", barrier.FailedReads);
        registry.Add(
            "etcd_server_learner_promote_successes", "The total number of successful learner promotions while this member is leader.", changes.Promotions);
        registry.Add(
            "etcd_server_learner_promote_failures", "The total number of failed learner promotions (likely learner not ready) while this member is leader.",
            changes.PromotionsRefused);
    }
}

/// <summary>The cluster as a gateway sees it. For one that is a process of its own: beside a consensus member that one shows it.</summary>
internal sealed class ClusterMetrics(ClusterView cluster) : IMetricSource
{
    public void Describe(MetricRegistry registry)
    {
        registry.Add(
            "etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.", MetricKind.Gauge,
            () => cluster.Known is { Leader.Value: not 0 } ? 1 : 0);
        registry.Add(
            "etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.", MetricKind.Gauge,
            () => cluster.Known is { Leader.Value: not 0 } status && status.Leader == status.Self ? 1 : 0);
        registry.Add(
            "etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise.", MetricKind.Gauge, () => cluster.IsLearner ? 1 : 0);
        registry.AddText(
            "etcd_server_id", "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.", "server_id",
            () => cluster.Known?.Self.ToString());
        registry.Add("etcd_server_leader_changes_seen_total", "The number of leader changes seen.", cluster.LeaderChanges);
    }
}
