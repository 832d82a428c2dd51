using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>member, endpoint and move-leader on three members (etcdctl §2.4).</summary>
internal static class MembershipScenarios
{
    private const string Unhealthy = "unhealthy cluster";
    private static readonly string[] s_formats = ["simple", "json", "fields", "table"];

    public static IEnumerable<Scenario<ClusterSession>> All()
    {
        yield return new("cluster-members/list", List);
        yield return new("cluster-members/one-is-down", OneIsDown);
        yield return new("cluster-members/voter", Voter);
        yield return new("cluster-members/learner", Learner);
        yield return new("cluster-members/update", Update);
        yield return new("cluster-members/remove", Remove);
        yield return new("cluster-members/strict", Strict);
        yield return new("cluster-members/grow-from-one", GrowFromOne);
        yield return new("cluster-members/move-leader", MoveLeader);
        yield return new("cluster-members/mistakes", Mistakes);
        yield return new("cluster-members/maintenance", Maintenance);
    }

    private static async Task List(ClusterSession s)
    {
        await s.StartCluster("abc");
        foreach (var format in s_formats)
        {
            await s.Ctl($"member list -w {format}");
            await s.Ctl($"endpoint status --cluster -w {format}", "b");
            await s.Ctl($"endpoint status -w {format}", "abc");
            await s.Ctl($"endpoint health --cluster -w {format}", "c");
            await s.Ctl($"endpoint health -w {format}", "abc");
        }
        await s.Ctl("member list --hex -w json");
        await s.Ctl("member list --hex -w fields");
        await s.Ctl("put k v", "b");
        await s.Ctl("get k", "c");
        await s.Ctl("endpoint hashkv --cluster");
    }

    // Both clusters begin empty, so even the hashes are the same.
    private static async Task Maintenance(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("put k v", "b");
        await s.Ctl("put k w", "c");
        await s.Ctl("put other o", "a");
        await s.Ctl("del k", "b");
        await HashesOfAll(s);
        await s.Ctl("compaction 4", "c");
        await s.Ctl("put k again", "a");
        await HashesOfAll(s);
        await s.Ctl("endpoint hashkv --rev 3", "abc");
        await s.Ctl("endpoint hashkv --rev 99", "abc");
        await s.Ctl("defrag", "abc");
        await s.Ctl("defrag --cluster", "b");
        await s.Ctl("alarm list", "b");
        await s.Ctl("alarm disarm", "c");
        await HashesOfAll(s);
    }

    private static async Task HashesOfAll(ClusterSession s)
    {
        // A linearizable read waits until its member has applied everything.
        foreach (var member in "abc")
            await s.Ctl("get other", $"{member}");
        await s.Ctl("endpoint hashkv", "abc");
        await s.Ctl("endpoint hashkv --cluster", "b");
    }

    private static async Task OneIsDown(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Kill('c');
        await s.Ctl("put k v", "b");
        await s.Ctl("member list");
        await s.Ctl("--command-timeout=2s --dial-timeout=1s endpoint health --cluster -w json");
        await s.Ctl("--command-timeout=2s --dial-timeout=1s endpoint status --cluster");
        await s.Kill('b');
        await s.Ctl("--command-timeout=2s put k v");
        await s.Ctl("--command-timeout=2s get k");
        await s.Ctl("--command-timeout=2s get k --consistency=s");
        s.Start('b', "abc");
        s.Start('c', "abc");
        await s.AwaitHealthy('a');
        await s.AwaitHealthy('b');
        await s.AwaitHealthy('c');
        await s.Ctl("put k w", "b");
        await s.Ctl("get k", "c");
    }

    private static async Task Voter(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.CtlWhileRefused(Unhealthy, $"member add d --peer-urls={s.Peer('d')}");
        await s.Ctl("member list");
        await s.Ctl("member list -w json");
        await s.Ctl("member list -w fields");
        await ClusterSession.SecondIsOver();
        await s.Ctl($"member add again --peer-urls={s.Peer('d')}");
        s.Start('d', "abcd", "existing");
        await s.AwaitHealthy('d');
        await s.Ctl("member list", "d");
        await s.Ctl("put k v", "d");
        await s.Ctl("get k", "a");
        await s.Ctl($"member remove {s.Id('d')}");
        await s.AwaitEnd('d', tellWhy: false);
        await s.Ctl("member list");
        await s.Ctl($"member remove {s.Id('d')}");
        await s.StartRemoved('d', "abcd", "existing");
    }

    private static async Task Learner(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.CtlWhileRefused(Unhealthy, $"member add d --learner --peer-urls={s.Peer('d')}");
        await s.Ctl("member list");
        await s.Ctl("member list -w json");
        await s.Ctl($"member promote {s.Id('d')}");
        await s.Ctl($"member add e --learner --peer-urls={s.Peer('e')}");
        s.Start('d', "abcd", "existing");
        await s.AwaitStatus('d');
        await s.Ctl("put k v");
        await s.Ctl("get k --consistency=s", "d");
        await s.Ctl("--command-timeout=2s put k v", "d");
        await s.Ctl("--command-timeout=2s get k", "d");
        await s.Ctl("--command-timeout=2s member list", "d");
        await s.Ctl($"move-leader {s.Id('d')}");
        await s.Ctl("endpoint status", "abcd");
        await s.CtlWhileRefused("in sync with leader", $"member promote {s.Id('d')}");
        await s.AwaitHealthy('d');
        await s.Ctl("member list");
        await s.Ctl($"member promote {s.Id('d')}");
        await s.Ctl($"member promote {s.Id('b')}");
        await s.Ctl("member promote 1234");
        await s.Ctl("put k w", "d");
    }

    private static async Task Update(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl($"member update {s.Id('c')} --peer-urls={s.Peer('b')}");
        await s.Ctl($"member update 1234 --peer-urls={s.Peer('f')}");
        await s.Ctl($"member update {s.Id('c')} --peer-urls=nonsense");
        await s.Ctl($"member update {s.Id('c')}");
        await s.Ctl($"member update {s.Id('c')} --peer-urls={s.Peer('c')},{s.Peer('e')}");
        await s.Ctl("member list");
        await s.Ctl($"member update {s.Id('c')} --peer-urls={s.Peer('c')} -w json");
        await s.Ctl("member list");
    }

    private static async Task Remove(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("member remove 1234");
        await s.Ctl("member remove zz");
        await s.Ctl("member remove");
        await s.CtlWhileRefused(Unhealthy, $"member remove {s.Id('a')}", "b");
        await s.AwaitEnd('a', tellWhy: false);
        await s.AwaitHealthy('b');
        await s.Ctl("member list", "b");
        await s.Ctl("put k v", "c");
        await s.Ctl("get k", "b");
    }

    private static async Task Strict(ClusterSession s)
    {
        await s.StartCluster("abc");
        // The members must have been seen for a while before anything else can be the reason for a refusal.
        await s.CtlWhileRefused(Unhealthy, $"member add d --peer-urls={s.Peer('d')}");
        await s.Ctl($"member remove {s.Id('d')}");
        await s.Kill('c');
        // A leader that has not yet noticed takes in what it is to refuse.
        await s.AwaitMetric('a', "etcd_network_active_peers", "one", static values => values.Sum() == 1);
        await s.CtlWhileRefused("context deadline exceeded", $"member add e --peer-urls={s.Peer('e')}");
        await s.Ctl($"member add e --learner --peer-urls={s.Peer('e')}");
        await s.Ctl($"member remove {s.Id('b')}");
        await s.Ctl("member list");
        await s.Ctl($"member remove {s.Id('c')}");
        await s.Ctl("member list");
    }

    private static async Task GrowFromOne(ClusterSession s)
    {
        await s.StartCluster("a");
        await s.Ctl("put k v");
        await s.CtlWhileRefused(Unhealthy, $"member add b --peer-urls={s.Peer('b')}");
        await s.Ctl("--command-timeout=1s put k w");
        s.Start('b', "ab", "existing");
        await s.AwaitHealthy('b');
        await s.Ctl("get k", "b");
        await s.CtlWhileRefused(Unhealthy, $"member add c --peer-urls={s.Peer('c')}");
        s.Start('c', "abc", "existing");
        await s.AwaitHealthy('c');
        await s.Ctl("member list", "c");
        await s.Ctl("get k", "c");
    }

    private static async Task MoveLeader(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl($"move-leader {s.Id('b')}", "abc");
        await s.LeadBy('b');
        await s.Ctl($"move-leader {s.Id('a')}", "ac");
        await s.Ctl($"move-leader {s.Id('b')}", "abc");
        await s.Ctl("move-leader 1234", "abc");
        await s.Ctl("move-leader zz", "abc");
        await s.Ctl("move-leader", "abc");
        await s.Ctl($"move-leader {s.Id('c')}", "abc");
        await s.LeadBy('c');
        await s.Ctl("endpoint status", "abc");
    }

    private static async Task Mistakes(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.CtlAll(
            "member add x", "member add x --peer-urls=nonsense", "member add x --peer-urls=http://127.0.0.1", "member promote zz", "member list -w nonsense");
        await s.Ctl("--command-timeout=2s --dial-timeout=1s endpoint health", "ad");
        await s.Ctl("--command-timeout=2s --dial-timeout=1s endpoint status", "ad");
    }
}
