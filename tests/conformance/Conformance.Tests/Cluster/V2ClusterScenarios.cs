using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>member and cluster-health of the v2 etcdctl (etcdctl §1).</summary>
internal static class V2ClusterScenarios
{
    public static IEnumerable<Scenario<ClusterSession>> All()
    {
        yield return new("cluster-v2/members", Members);
        yield return new("cluster-v2/health", Health);
        yield return new("cluster-v2/users", Users);
        yield return new("cluster-v2/stats", Stats);
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

    // Whoever has written through a member finds all that was written before in force there. etcdctl stays with the member it is given.
    private static async Task Users(ClusterSession s)
    {
        await s.StartCluster("abc");
        foreach (var (member, command) in ((string, string)[])
        [
            ("a", "user add root:rp"), ("b", "user add ann:ap"), ("c", "role add r"), ("c", "user list"), ("c", "role grant r --path /mine/* --rw"), ("b", "user grant ann --roles r"), ("a", "auth enable"),
            ("c", "-u root:rp role remove guest"), ("c", "-u root:rp auth enable"), ("c", "-u root:rp role get guest"), ("c", "set /mine/k v"), ("b", "-u ann:ap set /mine/k v"), ("c", "-u root:rp user get ann"),
            ("b", "-u ann:ap get /mine/k"), ("c", "-u ann:ap get /other"), ("c", "-u root:rp auth disable"), ("c", "-u root:rp auth disable"), ("c", "get --quorum /mine/k"),
        ])
        {
            await s.Ctl("--no-sync --timeout 15s --total-timeout 30s " + command, member);
        }
    }

    private static async Task Stats(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("set /k v");
        foreach (var member in "abc")
            await s.Stats(member);
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
