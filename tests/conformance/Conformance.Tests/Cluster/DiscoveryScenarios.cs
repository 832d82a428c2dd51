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
        s.StartDiscovering('d', Folder(s, "t"), "--discovery-fallback", "exit");
        await s.AwaitEnd('d', tellWhy: true);
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
        await s.PutV2('f', "discovery/bad/_config/size", "three");
        await s.PutV2('f', "discovery/t/_config/size", "1");
        s.StartDiscovering('a', Folder(s, "no-such-token"));
        s.StartDiscovering('b', Folder(s, "bad"));
        s.StartDiscovering('c', s.Client('f') + "/not/there");
        s.StartDiscovering('d', Folder(s, "t"), "--initial-cluster-state", "existing");
        s.StartDiscovering('e', Folder(s, "t"), "--initial-cluster", s.ClusterOf("e"));
        foreach (var member in "abcde")
            await s.AwaitEnd(member, tellWhy: true);
    }

    private static async Task WrongOthers(ClusterSession s)
    {
        await Serve(s);
        foreach (var (member, other) in new[] { ('a', "garbage"), ('b', $"b={s.Peer('e')}"), ('c', $"e={s.Peer('c')}"), ('d', "e=foo://bar") })
        {
            await s.PutV2('f', $"discovery/{member}/_config/size", "2");
            await s.PutV2('f', $"discovery/{member}/1234", other);
            s.StartDiscovering(member, Folder(s, $"{member}"));
        }
        foreach (var member in "abcd")
            await s.AwaitEnd(member, tellWhy: true);
        // It has registered, and may not a second time.
        s.StartDiscovering('a', Folder(s, "a"));
        await s.AwaitEnd('a', tellWhy: true);
    }

    private static string Folder(ClusterSession s, string token) => $"{s.Client('f')}/v2/keys/discovery/{token}";

    private static async Task Serve(ClusterSession s)
    {
        s.Start('f', "f", "new", "--enable-v2=true");
        await s.AwaitHealthy('f');
    }
}
