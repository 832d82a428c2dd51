using System.Net;
using EndToEnd.Tests.Snapshots;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: three members that are told nothing but a domain make one cluster, the same that real etcd's make. Method: a DNS server of the test's own, which the members' processes alone take for the
/// system's; real etcd first, ours then at the same addresses.
/// </summary>
[Needs(Tool.Etcdctl, Tool.Etcd, Tool.OwnResolver)]
public sealed class SrvDiscoveryTests : IDisposable
{
    private const string Domain = "cluster.test";

    private readonly TempFolder _folder = new();
    private readonly LoopbackDns _dns = Listen();
    private readonly string _resolver;

    public SrvDiscoveryTests()
    {
        _resolver = _folder.Sub("resolv.conf");
        File.WriteAllText(_resolver, $"nameserver {_dns.EndPoint.Address}\noptions timeout:2 attempts:3\n");
    }

    public void Dispose()
    {
        _dns.Dispose();
        _folder.Dispose();
    }

    [DeploymentFact]
    public async Task ThreeMembers_ToldADomain_MakeTheClusterThatRealEtcdMakes()
    {
        var nodes = Member.Make(_folder, "node", 3);
        foreach (var node in nodes)
            _dns.Add($"{node.Name}.{Domain}", IPAddress.Loopback);
        _dns.Add($"_etcd-server._tcp.{Domain}", [.. nodes.Select(static node => ($"{node.Name}.{Domain}", node.PeerPort))]);

        var real = await FormAsync(Toolbox.Etcd, [], nodes);
        foreach (var node in nodes)
            Directory.Delete(node.DataDir, recursive: true);
        Assert.Equal(real, await FormAsync("dotnet", [Repository.Assembly("Standalone")], nodes));
    }

    // Its list of members, once all of them serve what one of them was told.
    private async Task<string> FormAsync(string program, string[] arguments, Member[] nodes)
    {
        await using var running = new RunningMembers(nodes.Select(node => Start(program, arguments, node)));
        await running.UntilHealthyAsync(nodes.Select(static node => node.Client));
        await new Etcdctl(nodes[0].Client).OutputAsync("put", "k", "v");
        foreach (var node in nodes)
            Assert.Equal("k\nv", (await new Etcdctl(node.Client).OutputAsync("get", "k")).Trim());
        // Each says its name once it has started.
        return await Poll.UntilAsync("all to be known by name", Deployment.StartDeadline, async () =>
            await new Etcdctl(nodes[0].Client).OutputAsync("member", "list") is var list && list.Split(", started, ").Length == nodes.Length + 1 ? list : null);
    }

    private ChildProcess Start(string program, string[] arguments, Member node)
    {
        var (client, peer) = (node.Client.ToString().TrimEnd('/'), $"http://{node.Name}.{Domain}:{node.PeerPort}");
        return ChildProcess.Start("unshare",
        [
            "--mount", "sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"", _resolver, program, .. arguments,
            "--name", node.Name, "--data-dir", node.DataDir, "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", node.PeerUrl, "--initial-advertise-peer-urls", peer, "--discovery-srv", Domain, "--initial-cluster-token", "by-dns",
        ]);
    }

    // A resolver's file names no port, so it is 53; of the loopback interface's addresses any will do that nobody has.
    private static LoopbackDns Listen()
    {
        var address = new byte[] { 127, 0, 0, 0 };
        Random.Shared.NextBytes(address.AsSpan(1));
        address[3] |= 2;
        return new LoopbackDns(new IPEndPoint(new IPAddress(address), 53));
    }
}
