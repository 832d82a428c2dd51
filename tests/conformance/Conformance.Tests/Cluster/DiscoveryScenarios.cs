using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>Clusters that form by a folder of a v2 key space, and what keeps them from it (v2 API §12). Member f serves the folder.</summary>
internal static class DiscoveryScenarios
{
    public static IEnumerable<Scenario<ClusterSession>> All()
    {
        yield return new("cluster-discovery/form", Form);
        yield return new("cluster-discovery/wrong-service", WrongService);
        yield return new("cluster-discovery/wrong-others", WrongOthers);
    }

    private static async Task Form(ClusterSession s)
    {
        await Serve(s);
        await s.PutV2('f', "discovery/t/_config/size", "3");
        foreach (var member in "abc")
            s.StartDiscovering(member, Folder(s, "t"));
        foreach (var member in "abc")
            await s.AwaitHealthy(member);
        await s.Ctl("put k v", "b");
        await s.StartDiscoveringInVain('d', Folder(s, "t"), "--discovery-fallback", "exit");
        await s.Kill('a');
        // What its data says counts, not what there is to find; nor is anything asked.
        s.StartDiscovering('a', Folder(s, "no-such-token"));
        await s.AwaitHealthy('a');
        await s.Ctl("get k");
        await s.Ctl("member list");
    }

    private static async Task WrongService(ClusterSession s)
    {
        await Serve(s);
        await s.StartDiscoveringInVain('a', Folder(s, "no-such-token"));
        await s.PutV2('f', "discovery/bad/_config/size", "three");
        await s.StartDiscoveringInVain('a', Folder(s, "bad"));
        await s.StartDiscoveringInVain('a', s.Client('f') + "/not/there");
        await s.PutV2('f', "discovery/t/_config/size", "1");
        await s.StartDiscoveringInVain('a', Folder(s, "t"), "--initial-cluster-state", "existing");
        await s.StartDiscoveringInVain('a', Folder(s, "t"), "--initial-cluster", s.ClusterOf("a"));
    }

    private static async Task WrongOthers(ClusterSession s)
    {
        await Serve(s);
        foreach (var (token, other) in new[] { ("garbage", "garbage"), ("name", $"a={s.Peer('b')}"), ("url", $"b={s.Peer('a')}"), ("scheme", "b=foo://bar") })
        {
            await s.PutV2('f', $"discovery/{token}/_config/size", "2");
            await s.PutV2('f', $"discovery/{token}/1234", other);
            await s.StartDiscoveringInVain('a', Folder(s, token));
            // It has registered, and may not a second time.
            await s.StartDiscoveringInVain('a', Folder(s, token));
        }
    }

    private static string Folder(ClusterSession s, string token) => $"{s.Client('f')}/v2/keys/discovery/{token}";

    private static async Task Serve(ClusterSession s)
    {
        s.Start('f', "f", "new", "--enable-v2=true");
        await s.AwaitHealthy('f');
    }
}
