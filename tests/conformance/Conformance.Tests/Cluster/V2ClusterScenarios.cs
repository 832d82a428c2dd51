using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>member and cluster-health of the v2 etcdctl (etcdctl §1).</summary>
internal static class V2ClusterScenarios
{
    public static IEnumerable<Scenario<ClusterSession>> All()
    {
        yield return new("cluster-v2/members", Members);
        yield return new("cluster-v2/health", Health);
    }

    private static async Task Members(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("member list");
        await s.CtlWhileRefused("has no leader", $"member add d {s.Peer('d')}");
        await s.Ctl("member list");
        await s.Ctl($"member update {s.Id('d')} {s.Peer('e')}");
        await s.Ctl($"member update {s.Id('d')} {s.Peer('a')}");
        await s.Ctl("member list");
        await s.Ctl("cluster-health");
        await s.Ctl($"member remove {s.Id('d')}");
        await s.Ctl($"member remove {s.Id('d')}");
        await s.Ctl("member remove 1234");
        await s.Ctl("member list");
        await s.Ctl("set k v", "b");
        await s.Ctl("get k", "c");
    }

    private static async Task Health(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("cluster-health", "abc");
        await s.Kill('c');
        await s.Ctl("cluster-health");
        await s.Kill('b');
        await s.Ctl("cluster-health");
    }
}
