using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>Members that are started wrongly, and starts that only look wrong (server surface §8).</summary>
internal static class StartupScenarios
{
    public static IEnumerable<Scenario<ClusterSession>> All()
    {
        yield return new("cluster-start/flags", Flags);
        yield return new("cluster-start/tls-flags", TlsFlags);
        yield return new("cluster-start/other-flags", OtherFlags);
        yield return new("cluster-start/join-uninvited", JoinUninvited);
        yield return new("cluster-start/nobody-there", s => s.StartInVain('d', "abcd", "existing"));
        yield return new("cluster-start/members-missing", MembersMissing);
        yield return new("cluster-start/other-cluster", OtherCluster);
        yield return new("cluster-start/removed-member", RemovedMember);
        yield return new("cluster-start/force-new-cluster", ForceNewCluster);
        yield return new("cluster-start/all-again", AllAgain);
    }

    private static async Task Flags(ClusterSession s)
    {
        await s.StartInVain('d', "abc");
        await s.StartInVain('a', "abc", "new", "--initial-cluster", $"{s.ClusterOf("ab")},c={s.Peer('b')}");
        await s.StartInVain('a', "abc", "new", "--initial-cluster", $"{s.ClusterOf("abc")},a={s.Peer('d')}");
        await s.StartInVain('a', "abc", "new", "--initial-advertise-peer-urls", s.Peer('e'));
        await s.StartInVain('a', "abc", "new", "--initial-cluster", "nonsense");
        await s.StartInVain('a', "abc", "nonsense");
    }

    private static async Task TlsFlags(ClusterSession s)
    {
        var url = s.Peer('e').Replace("http://", "https://", StringComparison.Ordinal);
        string[] clients = ["--listen-client-urls", url, "--advertise-client-urls", url], pair = ["--cert-file", "/nope.pem", "--key-file", "/nope.key"];
        await s.StartInVain('a', "a", "new", clients);
        await s.StartInVain('a', "a", "new", [.. clients, .. pair]);
        await s.StartInVain('a', "a", "new", [.. clients, .. pair[..2]]);
        await s.StartInVain('a', "a", "new", [.. clients, .. pair, "--cipher-suites", "FOO"]);
        await s.StartInVain('a', "a", "new", [.. clients, .. pair, "--tls-min-version", "FOO"]);
        await s.StartInVain('a', "a", "new", [.. clients, .. pair, "--tls-min-version", "TLS1.3", "--tls-max-version", "TLS1.2"]);
        await s.StartInVain('a', "a", "new", [.. clients, .. pair, "--tls-min-version", "TLS1.3", "--cipher-suites", "TLS_RSA_WITH_AES_128_CBC_SHA"]);
        await s.StartInVain('b', "b", "new", "--listen-peer-urls", url);
        await s.StartInVain('b', "b", "new", "--listen-peer-urls", url, "--peer-cert-file", "/nope.pem", "--peer-key-file", "/nope.key");
        await s.StartInVain('b', "b", "new", "--listen-peer-urls", url, "--peer-key-file", "/nope.key");
        await s.StartInVain('c', "c", "new", [.. clients, "--auto-tls=true", "--self-signed-cert-validity", "0"]);
    }

    private static async Task OtherFlags(ClusterSession s)
    {
        await s.StartInVain('a', "a", "new", "--config-file", "/nope.yml");
        await s.StartInVain('a', "a", "new", "--config-file", "/");
        await s.StartInVain('a', "a", "new", "--cors", "http://good.com");
        await s.StartInVain('a', "a", "new", "--log-outputs", "/nope/log");
        await s.StartInVain('a', "a", "new", "--log-outputs", "default,stdout");
        await s.StartInVain('a', "a", "new", "--enable-log-rotation=true");
        await s.StartInVain('a', "a", "new", "--experimental-enable-distributed-tracing=true", "--experimental-distributed-tracing-sampling-rate", "2000000");
    }

    private static async Task JoinUninvited(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.StartInVain('d', "abcd", "existing");
        await s.StartInVain('d', "abd", "existing");
        await s.Ctl("member list");
    }

    private static async Task MembersMissing(ClusterSession s)
    {
        s.Start('a', "abc");
        await s.Ctl("--command-timeout=1s put k v");
        await s.Ctl("--command-timeout=1s endpoint health");
        await s.Ctl("--command-timeout=1s member list");
        s.Start('b', "abc");
        await s.AwaitHealthy('a');
        await s.AwaitHealthy('b');
        await s.Ctl("put k v");
        await s.Ctl("get k", "b");
        s.Start('c', "abc");
        await s.AwaitHealthy('c');
        await s.Ctl("get k", "c");
    }

    private static async Task OtherCluster(ClusterSession s)
    {
        await s.StartCluster("ab");
        await s.Ctl("put k ours");
        await s.Kill('b');
        // The same addresses, but another cluster: it neither joins nor disturbs.
        s.Start('b', "ab", "new", "--initial-cluster-token", "other", "--data-dir", "elsewhere");
        await s.Ctl("--command-timeout=2s put k theirs", "b");
        await s.Ctl("get k --consistency=s");
        await s.Kill('b');
        s.Start('b', "ab");
        await s.AwaitHealthy('a');
        await s.AwaitHealthy('b');
        await s.Ctl("get k", "b");
    }

    private static async Task RemovedMember(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.CtlWhileRefused("unhealthy cluster", $"member remove {s.Id('c')}");
        await s.AwaitEnd('c', tellWhy: false);
        await s.StartRemoved('c', "abc", "new");
        await s.Ctl("member list");
    }

    private static async Task ForceNewCluster(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("put k v");
        await s.Kill('b');
        await s.Kill('c');
        await s.Kill('a');
        s.Start('a', "abc", "new", "--force-new-cluster=true");
        await s.AwaitHealthy('a');
        await s.Ctl("member list");
        await s.Ctl("get k");
        await s.Ctl("put k w");
        await s.Kill('a');
        s.Start('a', "abc");
        await s.AwaitHealthy('a');
        await s.Ctl("member list");
        await s.Ctl("get k");
    }

    private static async Task AllAgain(ClusterSession s)
    {
        await s.StartCluster("abc");
        await s.Ctl("put k v");
        foreach (var member in "abc")
            await s.Kill(member);
        // What the flags say of the cluster no longer matters: it is in the data.
        foreach (var member in "abc")
            s.Start(member, "abc", member == 'b' ? "existing" : "new");
        foreach (var member in "abc")
            await s.AwaitHealthy(member);
        await s.Ctl("get k", "b");
        await s.Ctl("member list", "c");
    }
}
