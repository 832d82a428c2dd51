using System.Net;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: members find each other by a folder of a v2 key space, or of a v3 one, whoever serves it. Method: our server as the service for members of real etcd 3.4, real etcd 3.4 as
/// the service for ours; what the members write there is compared with their ids.
/// </summary>
[Needs(Tool.Etcdctl, Tool.Etcd34)]
public sealed class DiscoveryTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public Task OurServer_IsTheServiceOfRealEtcd() => FormAsync("ours", "etcd34");

    [DeploymentFact]
    public Task RealEtcd_IsTheServiceOfOurMembers() => FormAsync("etcd34", "ours");

    [DeploymentFact]
    public async Task V3Discovery_OurServer_IsTheServiceOfOurMembers()
    {
        await using var service = await ServiceAsync("ours");
        await service.Etcdctl.OutputAsync("put", "/_etcd/registry/t/_config/size", "3");
        var nodes = Nodes(3);
        await using var running = new RunningMembers(nodes.Select(node => Start("ours", node, "--discovery-token", "t", "--discovery-endpoints", $"127.0.0.1:1,{service.Client.Authority}")));
        await running.UntilHealthyAsync(nodes.Select(static node => node.Client));
        var members = await MembersAsync(nodes[0]);
        var registered = (await service.Etcdctl.OutputAsync("get", "--prefix", "/_etcd/registry/t/members/", "--keys-only")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(members.Select(member => $"/_etcd/registry/t/members/{member.Id}").Order(), registered.Order());

        await using var late = Start("ours", Nodes(1, "late")[0], "--discovery-token", "t", "--discovery-endpoints", service.Client.Authority);
        Assert.Equal(1, await late.WaitForExitAsync());
        Assert.Contains("failed to join discovery cluster (discovery: cluster is full)", late.Err, StringComparison.Ordinal);
    }

    [DeploymentFact]
    public async Task Discover_ForConsensusServices_PrintsWhatMakesThemACluster()
    {
        await using var service = await ServiceAsync("ours");
        using var v2 = new V2Client(service.Client);
        await v2.PutAsync("v2/keys/discovery/t/_config/size", ("value", "3"));
        var nodes = Nodes(3);
        var found = await Task.WhenAll(nodes.Select(node => DiscoverAsync(node, new Uri(service.Client, "v2/keys/discovery/t"))));
        Assert.Single(found.Select(static variables => variables["Consensus__InitialCluster"]).Distinct());

        await using var running = new RunningMembers(nodes.Zip(found, static (node, variables) => ChildProcess.Start(
            "dotnet",
            [Repository.Assembly("Consensus.Host"), "--Listen", node.PeerUrl, "--HealthListen", node.Client.ToString().TrimEnd('/'), "--Consensus:DataDir", node.DataDir],
            variables)));
        await running.UntilHealthyAsync(nodes.Select(static node => node.Client), "healthz");
        using var http = new HttpClient { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var registered = (await v2.GetAsync("v2/keys/discovery/t")).Node.GetProperty("nodes").EnumerateArray().Select(static node => node.GetProperty("key").GetString()!["/discovery/t/".Length..]).Order();
        foreach (var node in nodes)
        {
            using var members = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync(new Uri(node.PeerUrl + "/members")));
            Assert.Equal(registered, members.RootElement.EnumerateArray().Select(static member => member.GetProperty("id").GetUInt64().ToString("x")).Order());
            // Where a log is there is nothing to find, but a name to tell.
            var again = await DiscoverAsync(node, new Uri(service.Client, "v2/keys/discovery/t"));
            Assert.Equal([("Consensus__Name", node.Name), ("Consensus__PeerUrls", node.PeerUrl)], again.Select(static pair => (pair.Key, pair.Value)).Order());
        }
    }

    private static async Task<Dictionary<string, string?>> DiscoverAsync(Snapshots.Member node, Uri token)
    {
        await using var discover = ChildProcess.Start("dotnet",
        [
            Repository.Assembly("Standalone"), "discover", "--name", node.Name, "--initial-advertise-peer-urls", node.PeerUrl, "--data-dir", node.DataDir, "--discovery", token.ToString(),
        ]);
        Assert.Equal(0, await discover.WaitForExitAsync(Deployment.StartDeadline));
        return discover.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(static line => line[..line.IndexOf('=')], static line => (string?)line[(line.IndexOf('=') + 1)..]);
    }

    private async Task FormAsync(string service, string members)
    {
        await using var server = await ServiceAsync(service);
        var token = new Uri(server.Client, "v2/keys/discovery/t").ToString();
        using var v2 = new V2Client(server.Client);
        Assert.Equal(HttpStatusCode.Created, (await v2.PutAsync("v2/keys/discovery/t/_config/size", ("value", "3"))).Status);
        var nodes = Nodes(3);
        await using var running = new RunningMembers(nodes.Select(node => Start(members, node, "-discovery", token)));
        await running.UntilHealthyAsync(nodes.Select(static node => node.Client));

        var etcdctl = new Etcdctl(nodes[0].Client);
        await etcdctl.OutputAsync("put", "k", "v");
        foreach (var node in nodes)
            Assert.Equal("k\nv", (await new Etcdctl(node.Client).OutputAsync("get", "k")).Trim());
        var listed = (await v2.GetAsync("v2/keys/discovery/t")).Node.GetProperty("nodes").EnumerateArray()
            .Select(node => (Id: node.GetProperty("key").GetString()!["/discovery/t/".Length..], Value: node.GetProperty("value").GetString()!)).Order().ToArray();
        Assert.Equal((await MembersAsync(nodes[0])).Order(), listed);

        // What comes too late, of either program, is told so.
        foreach (var program in new[] { "ours", "etcd34" })
        {
            await using var late = Start(program, Nodes(1, "late-" + program)[0], "--discovery", token, "--discovery-fallback", "exit", "--logger", "zap");
            Assert.Equal(1, await late.WaitForExitAsync());
            Assert.Contains("failed to join discovery cluster (discovery: cluster is full)", late.Err, StringComparison.Ordinal);
        }
    }

    private async Task<Snapshots.Server> ServiceAsync(string program)
    {
        var member = Snapshots.Member.Make(_folder, "service")[0];
        return program == "ours"
            ? await Snapshots.Server.StartAsync(Snapshots.ServerKind.Ours, member)
            : await Snapshots.Server.StartAsync(Snapshots.ServerKind.Etcd34, member, "new", "--enable-v2");
    }

    private Snapshots.Member[] Nodes(int count, string label = "node") =>
        [.. Snapshots.Member.Make(_folder, label, count).Select(node => label == "node" ? node : node with { Name = label })];

    private static ChildProcess Start(string program, Snapshots.Member node, params string[] more)
    {
        var client = node.Client.ToString().TrimEnd('/');
        string[] flags =
        [
            "-name", node.Name, "-data-dir", node.DataDir, "-listen-client-urls", client, "-advertise-client-urls", client,
            "-listen-peer-urls", node.PeerUrl, "-initial-advertise-peer-urls", node.PeerUrl, .. more,
        ];
        return program == "ours" ? ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), .. flags]) : ChildProcess.Start(Toolbox.Etcd34, flags);
    }

    private static async Task<(string Id, string Value)[]> MembersAsync(Snapshots.Member node)
    {
        var lines = (await new Etcdctl(node.Client).OutputAsync("member", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => line.Split(", ")).Select(fields => (fields[0], $"{fields[2]}={fields[3]}"))];
    }
}
