namespace EndToEnd.Tests.Behaviour;

/// <summary>
/// Goal: with one more file the stack speaks TLS with certificates on both sides, to clients and inside. Method: certificates by the shipped script, one container of each service that can be
/// scaled, real etcdctl and curl through the published address.
/// </summary>
[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine, Tool.Etcdctl)]
public sealed class ComposeTlsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(2);

    private string Url => $"https://127.0.0.1:{_ports[0]}";

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task Stack_WithCertificates_ServesClientsThatHaveThemAndNobodyElse()
    {
        var certificates = _folder.Sub("certificates");
        await using (var script = ChildProcess.Start(Path.Combine(Repository.Root, "deploy", "compose", "certificates.sh"), [certificates]))
            Assert.True(await script.WaitForExitAsync() == 0, script.Err);
        var project = new ComposeProject("compose.yaml", new Dictionary<string, string?>
        {
            ["CLIENT_PORT"] = $"{_ports[0]}",
            ["CLIENT_PORT_OLD"] = $"{_ports[1]}",
            ["CERTIFICATES"] = certificates,
            ["STORAGE_REPLICAS"] = "1",
            ["WATCH_HUB_REPLICAS"] = "1",
            ["LEASE_MANAGER_REPLICAS"] = "1",
            ["API_GATEWAY_REPLICAS"] = "1",
        }, "compose.tls.yaml");
        try
        {
            // The images are those of the collection's deployment.
            await project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait", "--no-build");
            string[] known = ["--cacert", Path.Combine(certificates, "clients-ca.crt"), "--cert", Path.Combine(certificates, "client.crt"), "--key", Path.Combine(certificates, "client.key")];

            Assert.Equal("OK", (await OutputAsync(known, "put", "k", "v")).Trim());
            Assert.Equal("k\nv", (await OutputAsync(known, "get", "k")).Trim());
            Assert.Contains("granted", await OutputAsync(known, "lease", "grant", "60"), StringComparison.Ordinal);
            await using (var watch = Ctl(known, "watch", "k", "--rev=1"))
                Assert.Equal("PUT", await watch.ReadLineAsync(TimeSpan.FromSeconds(30)));
            var members = (await OutputAsync(known, "member", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(3, members.Length);
            Assert.All(members, member => Assert.Matches(@"started, consensus-\d, https://consensus-\d:8080, https://localhost:\d+, false", member));
            Assert.Contains("\"node\"", await CurlAsync([$"https://localhost:{_ports[1]}/v2/keys/a", "-XPUT", "-d", "value=1", .. known], 0), StringComparison.Ordinal);

            // No certificate, one of the services' authority, and no TLS.
            await using var stranger = Ctl(["--cacert", Path.Combine(certificates, "clients-ca.crt"), "--command-timeout=2s"], "get", "k");
            Assert.NotEqual(0, await stranger.WaitForExitAsync());
            await using var service = Ctl(["--cacert", Path.Combine(certificates, "clients-ca.crt"), "--cert", Path.Combine(certificates, "service.crt"), "--key", Path.Combine(certificates, "service.key"), "--command-timeout=2s"], "get", "k");
            Assert.NotEqual(0, await service.WaitForExitAsync());
            await CurlAsync([$"http://127.0.0.1:{_ports[0]}/version"], null);
        }
        catch (Exception error) when (error is TimeoutException or InvalidOperationException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(await project.ComposeAsync(ComposeProject.UpDeadline, "logs", "--no-color", "--tail", "60"), error);
        }
        finally
        {
            await project.StopAsync();
        }
    }

    private ChildProcess Ctl(string[] known, params string[] command) => ChildProcess.Start(
        Toolbox.Etcdctl, ["--endpoints", Url, .. known, .. command], new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" });

    private async Task<string> OutputAsync(string[] known, params string[] command)
    {
        await using var process = Ctl(known, command);
        Assert.True(await process.WaitForExitAsync() == 0, process.Err);
        return process.Out;
    }

    /// <param name="arguments">Of curl.</param>
    /// <param name="expected">Its exit code; null: any but 0.</param>
    private static async Task<string> CurlAsync(string[] arguments, int? expected)
    {
        await using var curl = ChildProcess.Start("curl", ["-sS", "--max-time", "10", .. arguments]);
        var code = await curl.WaitForExitAsync();
        Assert.True(expected is null ? code != 0 : code == expected, $"curl ended with {code}: {curl.Out} {curl.Err}");
        return curl.Out;
    }
}
