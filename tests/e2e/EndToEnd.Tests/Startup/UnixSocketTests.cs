using System.Net.Sockets;

namespace EndToEnd.Tests.Startup;

/// <summary>
/// Goal: clients reach a member by sockets in the file system as they reach etcd. Method: real etcdctl and an HTTP client, over unix and unixs, with a port beside them; after a stop and after a kill.
/// </summary>
[Needs(Tool.Etcdctl)]
public sealed class UnixSocketTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(2);

    private string Plain => Path.Combine(_folder.Path, "plain.sock");

    private string Secured => Path.Combine(_folder.Path, "secured.sock");

    private string Port => $"http://127.0.0.1:{_ports[0]}";

    private string[] ClientUrls => [$"unix://{Plain}", $"unixs://{Secured}", "unix://localhost:7", Port];

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task UnixUrls_OfBothKinds_AreServed_AndLeaveNoFileBehind()
    {
        await using (var server = await StartAsync())
        {
            var etcdctl = new Etcdctl(new Uri(Port));
            await etcdctl.OutputAsync("put", "by", "port");
            Assert.Equal("by\nport", await EtcdctlAsync($"unix://{Plain}", "get", "by"));
            Assert.Equal("OK", await EtcdctlAsync($"unixs://{Secured}", "--insecure-transport=false", "--insecure-skip-tls-verify", "put", "by", "unixs"));
            // A name of the form that etcd wants where it advertises one.
            Assert.Equal("by\nunixs", await EtcdctlAsync("unix://localhost:7", "get", "by"));
            Assert.StartsWith("{\"etcdserver\":\"3.5.", await GetAsync("/version"), StringComparison.Ordinal);
            Assert.Contains($"\"address\":\"{Plain}\"", server.Err, StringComparison.Ordinal);

            // Nothing is applied in so little time.
            await Poll.UntilAsync("a word about a slow request", TimeSpan.FromSeconds(20), () => Task.FromResult(server.Err.Split('\n').Any(static line =>
                line.Contains("\"msg\":\"apply request took too long\"", StringComparison.Ordinal) && line.Contains("\"expected-duration\":\"100ns\"", StringComparison.Ordinal)
                && line.Contains("\"request\":\"Put of ", StringComparison.Ordinal))));

            // Somebody listens there: another does not take its place.
            await using var second = Start("second", "--listen-peer-urls", $"http://127.0.0.1:{Ports.Free(1)[0]}");
            Assert.Equal(1, await second.WaitForExitAsync(TimeSpan.FromSeconds(30)));
            Assert.Contains("bind: address already in use", second.Err, StringComparison.Ordinal);

            server.Terminate();
            await server.WaitForExitAsync(TimeSpan.FromSeconds(20));
            Assert.False(File.Exists(Plain) || File.Exists(Secured), "the sockets are still there");
        }
        await using (var killed = await StartAsync())
        {
            killed.Kill();
            await killed.WaitForExitAsync();
            Assert.True(File.Exists(Plain));
        }
        await using var again = await StartAsync();
        Assert.Equal("by\nunixs", await EtcdctlAsync($"unix://{Plain}", "get", "by"));
    }

    [Fact]
    public async Task UnixUrl_AdvertisedWithoutAPort_IsRefusedAsByEtcd()
    {
        await using var server = ChildProcess.Start("dotnet", [
            Repository.Assembly("Standalone"), "--data-dir", _folder.Sub("refused"), "--listen-client-urls", $"unix://{Plain}", "--advertise-client-urls", $"unix://{Plain}",
        ], null, _folder.Path);
        Assert.Equal(1, await server.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains($"--advertise-client-urls \\\"unix://{Plain}\\\" must be \\\"host:port\\\" (missing port in address)", server.Err, StringComparison.Ordinal);
    }

    private ChildProcess Start(string name, params string[] flags)
    {
        return ChildProcess.Start("dotnet", [
            Repository.Assembly("Standalone"), "--name", name, "--data-dir", _folder.Sub(name), "--listen-client-urls", string.Join(',', ClientUrls), "--auto-tls",
            "--advertise-client-urls", Port, "--experimental-warning-apply-duration", "100ns", .. flags,
        ], null, _folder.Path);
    }

    private async Task<ChildProcess> StartAsync()
    {
        var server = Start("first", "--listen-peer-urls", $"http://127.0.0.1:{_ports[1]}");
        await Poll.UntilAsync("the server to be ready", Deployment.StartDeadline, () =>
        {
            Assert.False(server.HasExited, server.Err);
            // The last of what it says at its start: a line for each URL.
            return Task.FromResult(server.Err.Split("\"msg\":\"serving client traffic ").Length - 1 == ClientUrls.Length);
        });
        return server;
    }

    private async Task<string> EtcdctlAsync(string endpoint, params string[] arguments)
    {
        await using var process = ChildProcess.Start(Toolbox.Etcdctl, ["--endpoints", endpoint, .. arguments], new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" }, _folder.Path);
        process.Input.Close();
        Assert.True(await process.WaitForExitAsync() == 0, process.Err);
        return process.Out;
    }

    private async Task<string> GetAsync(string path)
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Plain), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        return await http.GetStringAsync(new Uri("http://unix" + path));
    }
}
