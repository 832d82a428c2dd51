using EndToEnd.Tests.Snapshots;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: members find each other by the keys of a v3 key space that takes nobody without a certificate, real etcd 3.5's or ours. Method: certificates made here; a member without one beside those
/// that have it.
/// </summary>
[Needs(Tool.Etcdctl, Tool.Etcd)]
public sealed class SecureDiscoveryTests : IDisposable
{
    private const string Registry = "/_etcd/registry/secret-token/";

    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly CertificateAndKey _own;

    public SecureDiscoveryTests()
    {
        _authority = new TestAuthority(_folder.Path);
        _own = _authority.Issue("member", "member", []);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [DeploymentFact]
    public Task OurServer_WithClientCertificates_IsTheServiceOfOurMembers() => FormAsync("dotnet", Repository.Assembly("Standalone"));

    [DeploymentFact]
    public Task RealEtcd_WithClientCertificates_IsTheServiceOfOurMembers() => FormAsync(Toolbox.Etcd);

    private async Task FormAsync(string program, params string[] arguments)
    {
        var service = Member.Make(_folder, "service")[0];
        var url = $"https://127.0.0.1:{service.ClientPort}";
        var server = _authority.Issue("server", "server", ["127.0.0.1"]);
        await using var serving = ChildProcess.Start(program,
        [
            .. arguments, "--name", service.Name, "--data-dir", service.DataDir, "--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", service.PeerUrl,
            "--initial-advertise-peer-urls", service.PeerUrl, "--initial-cluster", service.InitialCluster,
            "--cert-file", server.CertFile, "--key-file", server.KeyFile, "--trusted-ca-file", _authority.CaFile, "--client-cert-auth",
        ]);
        await Poll.UntilAsync("the service to take the cluster's size", Deployment.StartDeadline, async () => (await CtlAsync(url, "put", Registry + "_config/size", "3")).ExitCode == 0);

        string[] token = ["--discovery-token", "secret-token", "--discovery-endpoints", url, "--discovery-cacert", _authority.CaFile];
        string[] certificate = ["--discovery-cert", _own.CertFile, "--discovery-key", _own.KeyFile];
        await using var stranger = Start(Member.Make(_folder, "stranger")[0], token);
        var nodes = Member.Make(_folder, "node", 3);
        await using var running = new RunningMembers(nodes.Select(node => Start(node, [.. token, .. certificate])));
        await running.UntilHealthyAsync(nodes.Select(static node => node.Client));
        await new Etcdctl(nodes[0].Client).OutputAsync("put", "k", "v");
        foreach (var node in nodes)
            Assert.Equal("k\nv", (await new Etcdctl(node.Client).OutputAsync("get", "k")).Trim());

        var members = (await new Etcdctl(nodes[0].Client).OutputAsync("member", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var registered = (await CtlAsync(url, "get", "--prefix", Registry + "members/", "--keys-only")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(members.Select(static line => $"{Registry}members/{line.Split(", ")[0]}").Order(), registered.Order());
        await Poll.UntilAsync("the stranger to be turned away", Deployment.StartDeadline, () => Task.FromResult(stranger.Err.Contains("failed to get from discovery server", StringComparison.Ordinal)));
        Assert.False(stranger.HasExited);

        await using var late = Start(Member.Make(_folder, "late")[0], [.. token, .. certificate]);
        Assert.Equal(1, await late.WaitForExitAsync());
        Assert.Contains("failed to join discovery cluster (discovery: cluster is full)", late.Err, StringComparison.Ordinal);
    }

    private static ChildProcess Start(Member node, string[] discovery)
    {
        var client = node.Client.ToString().TrimEnd('/');
        return ChildProcess.Start("dotnet",
        [
            Repository.Assembly("Standalone"), "--name", node.Name, "--data-dir", node.DataDir, "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", node.PeerUrl, "--initial-advertise-peer-urls", node.PeerUrl, .. discovery,
        ]);
    }

    private Task<EtcdctlResult> CtlAsync(string url, params string[] arguments) => new Etcdctl(new Uri(url)).RunAsync(
        ["--cacert", _authority.CaFile, "--cert", _own.CertFile, "--key", _own.KeyFile, .. arguments]);
}
