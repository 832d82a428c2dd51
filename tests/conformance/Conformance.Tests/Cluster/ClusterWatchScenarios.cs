using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>Watches while the leader is lost (v3-semantics §3.3).</summary>
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
        await s.Kill('b');
        await s.Kill('c');
        await insisting.Read();
        await using var late = s.OpenWatch('a', hasLeader: true);
        await late.Read();
        s.Start('b', "abc", "existing");
        await s.AwaitHealthy('b');
        await s.AwaitHealthy('a');
        await s.Ctl("put k v", "a");
        await patient.Read();
    }
}
