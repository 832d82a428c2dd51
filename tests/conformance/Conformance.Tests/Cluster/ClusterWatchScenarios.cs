using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>Watches, and metrics, while the leader is lost (v3-semantics §3.3, server-surface §5).</summary>
internal static class ClusterWatchScenarios
{
    public static IEnumerable<Scenario<ClusterSession>> All()
    {
        yield return new("cluster-watch/has-leader", HasLeader);
    }

    // The one that insists on a leader ends after a while; a new one is refused at once; the patient one stands, and hears once there is a leader again.
    private static async Task HasLeader(ClusterSession s)
    {
        await s.StartCluster("abc");
        await using var insisting = s.OpenWatch('a', hasLeader: true);
        await using var patient = s.OpenWatch('a', hasLeader: false);
        await insisting.Create("k");
        await patient.Create("k");
        await s.AwaitMetric('a', "etcd_server_has_leader", "1", static values => values.Single() == 1);
        await s.AwaitMetric('a', "etcd_server_is_leader", "1", static values => values.Single() == 1);
        await s.AwaitMetric('b', "etcd_server_is_leader", "0", static values => values.Single() == 0);
        await s.AwaitMetric('a', "etcd_network_active_peers", "both", static values => values.Count == 2 && values.All(static value => value == 1));
        await s.Kill('b');
        await s.Kill('c');
        await insisting.Read();
        await using var late = s.OpenWatch('a', hasLeader: true);
        await late.Read();
        await s.AwaitMetric('a', "etcd_server_has_leader", "0", static values => values.Single() == 0);
        await s.AwaitMetric('a', "etcd_server_is_leader", "0", static values => values.Single() == 0);
        await s.AwaitMetric('a', "etcd_network_active_peers", "none", static values => values.Count == 2 && values.All(static value => value == 0));
        await s.AwaitMetric('a', "etcd_network_disconnected_peers_total", "both", static values => values.Count == 2 && values.All(static value => value > 0));
        await s.AwaitMetric('a', "etcd_network_peer_sent_failures_total", "both", static values => values.Count == 2 && values.All(static value => value > 0));
        s.Start('b', "abc", "existing");
        await s.AwaitHealthy('b');
        await s.AwaitHealthy('a');
        await s.AwaitMetric('a', "etcd_server_has_leader", "1", static values => values.Single() == 1);
        await s.AwaitMetric('a', "etcd_server_leader_changes_seen_total", "more than one", static values => values.Single() > 1);
        await s.Ctl("put k v", "a");
        await patient.Read();
    }
}
