namespace EndToEnd.Tests.Tls;

/// <summary>Goal: clients and members of etcd's own kind work over TLS, and nobody else. Method: real etcdctl (v3 and v2) and curl, certificates made here.</summary>
[Needs(Tool.Etcdctl, Tool.Etcd34)]
public sealed class TlsTests : IDisposable
{
    private static readonly string[] s_here = ["localhost", "127.0.0.1"];

    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;

    public TlsTests() => _authority = new TestAuthority(_folder.Path);

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [DeploymentFact]
    public async Task Clients_WithCertificates_GetInByEveryProtocolAndOthersDoNot()
    {
        var (server, alice) = (_authority.Issue("server", "server", s_here), _authority.Issue("alice", "alice", []));
        var list = _authority.Revoke("revoked.pem");
        var member = SecuredMember.Make(_folder.Path, 1, "http")[0];
        await using var _ = member;
        member.Start(
            SecuredMember.ClusterOf(member), "--cert-file", server.CertFile, "--key-file", server.KeyFile, "--trusted-ca-file", _authority.CaFile, "--client-cert-auth",
            "--client-crl-file", list);
        await member.SaysAsync("serving client traffic securely");

        Assert.Equal("OK", await CtlAsync(member, ["--cacert", _authority.CaFile, .. Identity(alice)], "put", "k", "v"));
        Assert.Equal("k\nv", await CtlAsync(member, ["--insecure-skip-tls-verify", .. Identity(alice)], "get", "k"));
        Assert.Equal("w", await RunAsync(
            Toolbox.Etcdctl34, "2", "--endpoints", member.Url, "--ca-file", _authority.CaFile, "--cert-file", alice.CertFile, "--key-file", alice.KeyFile, "set", "/n", "w"));
        Assert.Equal("200 1.1", await CurlAsync(member, "--http1.1", "--cacert", _authority.CaFile, "--cert", alice.CertFile, "--key", alice.KeyFile));
        Assert.Equal("200 2", await CurlAsync(member, "--http2", "--cacert", _authority.CaFile, "--cert", alice.CertFile, "--key", alice.KeyFile));

        await RefusedAsync(member, ["--cacert", _authority.CaFile]);
        await member.SaysAsync("tls: client didn't provide a certificate");
        await using (var plain = ChildProcess.Start("curl", ["-s", $"http://{member.Url["https://".Length..]}/version"]))
            Assert.Equal(52, await plain.WaitForExitAsync()); // "Empty reply from server", as from etcd.
        await member.SaysAsync("tls: first record does not look like a TLS handshake");

        // Revoked and renewed while it serves.
        _authority.Revoke("revoked.pem", alice);
        _authority.Issue("server", "server", s_here);
        await RefusedAsync(member, ["--cacert", _authority.CaFile, .. Identity(alice)]);
        await member.SaysAsync("revoked");
        await member.SaysAsync("certificate renewed");
        var bob = _authority.Issue("bob", "bob", []);
        Assert.Equal("k\nv", await CtlAsync(member, ["--cacert", _authority.CaFile, .. Identity(bob)], "get", "k"));
    }

    [DeploymentFact]
    public async Task Users_ByTheirCertificates_MayWhatTheyMay()
    {
        var (server, root, alice) = (_authority.Issue("server", "server", s_here), _authority.Issue("root", "root", []), _authority.Issue("alice", "alice", []));
        var metrics = $"https://127.0.0.1:{Ports.Free(1)[0]}";
        var member = SecuredMember.Make(_folder.Path, 1, "http")[0];
        await using var _ = member;
        member.Start(
            SecuredMember.ClusterOf(member), "--cert-file", server.CertFile, "--key-file", server.KeyFile, "--trusted-ca-file", _authority.CaFile, "--client-cert-auth",
            "--listen-metrics-urls", metrics);
        await member.SaysAsync("serving client traffic securely");
        string[] byRoot = ["--cacert", _authority.CaFile, .. Identity(root)], byAlice = ["--cacert", _authority.CaFile, .. Identity(alice)];
        foreach (var command in (string[])
        [
            "user add root --no-password", "user grant-role root root", "role add hers", "role grant-permission hers readwrite hers/ --prefix", "user add alice --no-password",
            "user grant-role alice hers", "auth enable",
        ])
        {
            await CtlAsync(member, byRoot, command.Split(' '));
        }

        Assert.Equal("OK", await CtlAsync(member, byAlice, "put", "hers/k", "v"));
        Assert.Equal("hers/k\nv", await CtlAsync(member, byRoot, "get", "hers/k"));
        await using (var denied = ChildProcess.Start(
            Toolbox.Etcdctl, ["--endpoints", member.Url, .. byAlice, "put", "other", "v"], new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" }))
        {
            Assert.Equal(1, await denied.WaitForExitAsync());
            Assert.Contains("etcdserver: permission denied", denied.Err, StringComparison.Ordinal);
        }

        // v2 has users of its own, who come by certificate too.
        string[] v2 = ["--endpoints", member.Url, "--ca-file", _authority.CaFile];
        string[] v2Root = [.. v2, "--cert-file", root.CertFile, "--key-file", root.KeyFile], v2Alice = [.. v2, "--cert-file", alice.CertFile, "--key-file", alice.KeyFile];
        foreach (var command in (string[])["user add root:rp", "user add alice:ap", "role add hers", "role grant hers --path /hers/* --rw", "user grant alice --roles hers", "auth enable", "role remove guest"])
            await RunAsync(Toolbox.Etcdctl34, "2", [.. v2Root, .. command.Split(' ')]);
        Assert.Equal("v", await RunAsync(Toolbox.Etcdctl34, "2", [.. v2Alice, "set", "/hers/k", "v"]));
        Assert.Equal("v", await RunAsync(Toolbox.Etcdctl34, "2", [.. v2Root, "get", "/hers/k"]));
        await using (var denied = ChildProcess.Start(Toolbox.Etcdctl34, [.. v2Alice, "set", "/other", "v"], new Dictionary<string, string?> { ["ETCDCTL_API"] = "2" }))
        {
            Assert.Equal(4, await denied.WaitForExitAsync());
            Assert.Contains("110: The request requires user authentication", denied.Err, StringComparison.Ordinal);
        }

        // To the JSON gateway a certificate says nothing, as in etcd.
        string[] files = ["-s", "--cacert", _authority.CaFile, "--cert", alice.CertFile, "--key", alice.KeyFile];
        Assert.Contains("etcdserver: user name is empty", await OutputOfCurlAsync([.. files, "-d", """{"key":"aGVycy9r"}""", member.Url + "/v3/kv/range"]), StringComparison.Ordinal);
        Assert.Contains("etcd_server_has_leader 1", await OutputOfCurlAsync([.. files, metrics + "/metrics"]), StringComparison.Ordinal);
    }

    [DeploymentFact]
    public async Task Members_WithCertificates_MakeAClusterThatOthersDoNotEnter()
    {
        var client = _authority.Issue("client", "client", s_here);
        var peer = _authority.Issue("peer", "member", s_here);
        var members = SecuredMember.Make(_folder.Path, 3, "https");
        var cluster = SecuredMember.ClusterOf(members);
        try
        {
            foreach (var member in members[..2])
                member.Start(cluster, Flags(client, peer));
            await members[0].SaysAsync("serving client traffic securely");
            await members[1].SaysAsync("serving client traffic securely");
            Assert.Equal("OK", await CtlAsync(members[0], ["--cacert", _authority.CaFile], "put", "k", "v"));
            Assert.Equal("k\nv", await CtlAsync(members[1], ["--cacert", _authority.CaFile], "get", "k"));

            // A certificate of the same authority for somebody else, then the right one.
            members[2].Start(cluster, Flags(client, _authority.Issue("mallory", "mallory", s_here)));
            await members[0].SaysAsync("the common name is not allowed");
            Assert.DoesNotContain("ready to serve client requests", members[2].Process.Err, StringComparison.Ordinal);
            await members[2].DisposeAsync();
            members[2].Start(cluster, Flags(client, peer));
            await members[2].SaysAsync("serving client traffic securely");
            Assert.Equal("k\nv", await CtlAsync(members[2], ["--cacert", _authority.CaFile], "get", "k"));
            Assert.Contains("granted with TTL(60s)", await CtlAsync(members[2], ["--cacert", _authority.CaFile], "lease", "grant", "60"), StringComparison.Ordinal);
            // Whatever the members say to each other goes encrypted, pings' answers too: one in clear would end the connection, and no round trip be measured.
            await Poll.UntilAsync("round trips between members", Deployment.StartDeadline, async () => (await OutputOfCurlAsync(["--cacert", _authority.CaFile, members[0].Url + "/metrics"]))
                .Split('\n').Any(static line => line.StartsWith("etcd_network_peer_round_trip_time_seconds_count{", StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal)));
        }
        finally
        {
            foreach (var member in members)
                await member.DisposeAsync();
        }
    }

    [DeploymentFact]
    public async Task OwnCertificates_OnBothPorts_Serve()
    {
        var members = SecuredMember.Make(_folder.Path, 2, "https");
        var cluster = SecuredMember.ClusterOf(members);
        try
        {
            foreach (var member in members)
                member.Start(cluster, "--auto-tls", "--peer-auto-tls");
            await members[0].SaysAsync("serving client traffic securely");
            // etcdctl minds --insecure-skip-tls-verify only beside another flag about TLS; its library takes a self-signed certificate for an authority.
            Assert.Equal("OK", await CtlAsync(members[0], ["--cacert", _folder.Sub("m0/fixtures/client/cert.pem")], "put", "k", "v"));
            Assert.True(File.Exists(_folder.Sub("m1/fixtures/peer/key.pem")));
        }
        finally
        {
            foreach (var member in members)
                await member.DisposeAsync();
        }
    }

    [DeploymentFact]
    public async Task OnePort_HttpAndHttpsUrls_ServesBoth()
    {
        await using var member = SecuredMember.Make(_folder.Path, 1, "http")[0];
        var clear = member.Url.Replace("https", "http", StringComparison.Ordinal);
        member.Start(SecuredMember.ClusterOf(member), "--auto-tls", "--listen-client-urls", $"{clear},{member.Url}", "--advertise-client-urls", $"{clear},{member.Url}");
        await member.SaysAsync("serving client traffic securely");
        string[] trust = ["--cacert", _folder.Sub("m0/fixtures/client/cert.pem")];
        Assert.Equal("OK", await CtlAsync(member, trust, "put", "k", "over TLS"));
        Assert.Equal("OK", await RunAsync(Toolbox.Etcdctl, "3", "--endpoints", clear, "put", "l", "in clear"));
        Assert.Equal("in clear", await CtlAsync(member, trust, "get", "l", "--print-value-only"));
        Assert.StartsWith("{\"etcdserver\"", await OutputOfCurlAsync("-s", clear + "/version"), StringComparison.Ordinal);
        Assert.StartsWith("{\"etcdserver\"", await OutputOfCurlAsync(["-s", .. trust, member.Url + "/version"]), StringComparison.Ordinal);
    }

    private string[] Flags(CertificateAndKey client, CertificateAndKey peer) =>
    [
        "--cert-file", client.CertFile, "--key-file", client.KeyFile, "--peer-cert-file", peer.CertFile, "--peer-key-file", peer.KeyFile,
        "--peer-trusted-ca-file", _authority.CaFile, "--peer-client-cert-auth", "--peer-cert-allowed-cn", "member",
    ];

    private static string[] Identity(CertificateAndKey identity) => ["--cert", identity.CertFile, "--key", identity.KeyFile];

    private static Task<string> CtlAsync(SecuredMember member, string[] trust, params string[] command) =>
        RunAsync(Toolbox.Etcdctl, "3", ["--endpoints", member.Url, "--command-timeout=30s", .. trust, .. command]);

    private static async Task RefusedAsync(SecuredMember member, string[] trust)
    {
        await using var process = ChildProcess.Start(
            Toolbox.Etcdctl, ["--endpoints", member.Url, "--command-timeout=1s", .. trust, "get", "k"], new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" });
        Assert.NotEqual(0, await process.WaitForExitAsync());
    }

    private static async Task<string> CurlAsync(SecuredMember member, params string[] arguments)
    {
        await using var process = ChildProcess.Start("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", .. arguments, member.Url + "/version"]);
        Assert.Equal(0, await process.WaitForExitAsync());
        return process.Out.Trim();
    }

    private static async Task<string> OutputOfCurlAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start("curl", arguments);
        Assert.Equal(0, await process.WaitForExitAsync());
        return process.Out;
    }

    private static async Task<string> RunAsync(string program, string api, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments, new Dictionary<string, string?> { ["ETCDCTL_API"] = api });
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        Assert.True(code == 0, $"{string.Join(' ', arguments)} ended with {code}: {process.Err}");
        return process.Out.Trim();
    }
}
