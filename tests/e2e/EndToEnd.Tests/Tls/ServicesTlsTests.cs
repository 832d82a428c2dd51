namespace EndToEnd.Tests.Tls;

/// <summary>Goal: services that are processes of their own talk to each other over mutual TLS, and clients to the gateway. Method: the five processes, real etcdctl.</summary>
[Needs(Tool.Etcdctl)]
public sealed class ServicesTlsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly int[] _ports = Ports.Free(6);

    public ServicesTlsTests() => _authority = new TestAuthority(_folder.Path);

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [DeploymentFact]
    public async Task Services_WithCertificates_ServeClientsAndNobodyElse()
    {
        // Not for the address that is dialled: as behind one name of several replicas, the name is told.
        var internalOnes = _authority.Issue("service", "service", ["services.internal"]);
        var shown = _authority.Issue("gateway", "gateway", ["127.0.0.1"]);
        var url = $"https://127.0.0.1:{_ports[5]}";
        List<ChildProcess> processes = [];
        try
        {
            Start("Consensus", 0, "--Consensus:DataDir", _folder.Sub("consensus"), "--Consensus:AdvertiseClientUrls", url);
            Start("Storage", 1, "--Storage:DataDir", _folder.Sub("storage"));
            Start("WatchHub", 2);
            Start("LeaseManager", 3);
            Start("ApiGateway", 4, "--Gateway:ListenClientUrls", url, "--Gateway:Tls:CertFile", shown.CertFile, "--Gateway:Tls:KeyFile", shown.KeyFile);
            await Poll.UntilAsync("the gateway to serve", Deployment.StartDeadline, async () => (await CtlAsync("put", "k", "v")).ExitCode == 0);
            Assert.Contains("v", (await CtlAsync("get", "k")).Out, StringComparison.Ordinal);
            Assert.Contains("granted", (await CtlAsync("lease", "grant", "60")).Out, StringComparison.Ordinal);
            await using var watch = Ctl("watch", "k", "--rev=1");
            Assert.Equal("PUT", await watch.ReadLineAsync(TimeSpan.FromSeconds(30)));

            await using var stranger = ChildProcess.Start("curl", ["-sk", "--http2", Address(1) + "/"]);
            Assert.NotEqual(0, await stranger.WaitForExitAsync());
            await Poll.UntilAsync("storage to tell of it", TimeSpan.FromSeconds(20), () =>
                Task.FromResult(processes[1].Err.Contains("rejected connection on service endpoint", StringComparison.Ordinal)));
        }
        catch (Exception error) when (error is TimeoutException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(string.Join("\n---\n", processes.Select(static process => process.Err)), error);
        }
        finally
        {
            foreach (var process in processes)
                await process.DisposeAsync();
        }

        void Start(string service, int number, params string[] own) => processes.Add(ChildProcess.Start("dotnet", [
            Repository.Assembly(service + ".Host"), "--Listen", Address(number),
            "--Tls:CertFile", internalOnes.CertFile, "--Tls:KeyFile", internalOnes.KeyFile, "--Tls:TrustedCaFile", _authority.CaFile, "--Tls:ClientCertAuth", "true",
            "--Tls:ServerName", "services.internal",
            "--Services:Consensus", Address(0), "--Services:Storage", Address(1), "--Services:WatchHub", Address(2), "--Services:LeaseManager", Address(3), .. own,
        ], folder: _folder.Path));

        ChildProcess Ctl(params string[] command) => ChildProcess.Start(
            Toolbox.Etcdctl, ["--endpoints", url, "--cacert", _authority.CaFile, "--command-timeout=10s", .. command],
            new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" });

        async Task<EtcdctlResult> CtlAsync(params string[] command)
        {
            await using var process = Ctl(command);
            return new(await process.WaitForExitAsync(TimeSpan.FromSeconds(60)), process.Out, process.Err);
        }
    }

    private string Address(int number) => $"https://127.0.0.1:{_ports[number]}";
}
