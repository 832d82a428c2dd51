using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Tests.Startup;

/// <summary>The standalone process as scripts meet it: what it prints, how it ends, how fast it is there.</summary>
public sealed class StandaloneStartupTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(3);

    private string Urls => $"http://127.0.0.1:{_ports[0]},http://127.0.0.1:{_ports[1]}";

    private string PeerUrl => $"http://127.0.0.1:{_ports[2]}";

    private string DataDir => _folder.Sub("data");

    [Fact]
    public async Task Version_Asked_BeginsWithTheLineToolsParse()
    {
        var (code, output, _) = await RunAsync("--version");
        Assert.Equal((0, "etcd Version: 3.5.30"), (code, output.Split('\n')[0]));
        Assert.Contains("Distributed Version: ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_Asked_ShowsUsageOnStandardOutput(string flag)
    {
        var (code, output, _) = await RunAsync(flag);
        Assert.Equal(0, code);
        Assert.Contains("--listen-client-urls", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownFlag_Given_IsOneLineAndExit2()
    {
        var (code, output, error) = await RunAsync("--nope");
        Assert.Equal((2, "", "flag provided but not defined: -nope"), (code, output, error));
    }

    // The runtime would greet it with a control code.
    [Fact]
    public async Task Terminal_InsteadOfAFile_GetsTheSameLines()
    {
        await using var process = OnATerminal("--nope");
        Assert.Equal(2, await process.WaitForExitAsync());
        Assert.Equal("flag provided but not defined: -nope", process.Out.Trim());
    }

    [Fact]
    public async Task BusyPort_Given_IsOneLineAndExit1()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://{other.LocalEndpoint}";
        var (code, output, error) = await RunAsync("--data-dir", DataDir, "--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", PeerUrl);
        Assert.Equal((1, "", $"listen tcp {other.LocalEndpoint}: bind: address already in use"), (code, output, error));
        Assert.False(Directory.Exists(DataDir), "a start that fails leaves nothing behind");
    }

    [Fact]
    public async Task Start_WithFlagsInAnyForm_SaysWhatItDoesAndStopsOnSigterm()
    {
        await using var server = StartServer("-name", "infra0", $"--data-dir={DataDir}", $"-listen-client-urls={Urls}", "--advertise-client-urls", Urls, "--listen-peer-urls", PeerUrl);
        await UntilReadyAsync(server);
        foreach (var port in _ports[..2])
            Assert.Contains($"\"address\":\"127.0.0.1:{port}\"", server.Err, StringComparison.Ordinal);
        Assert.Contains("serving client traffic insecurely; this is strongly discouraged!", server.Err, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(DataDir));

        server.Terminate();
        Assert.Equal(128 + 15, await server.WaitForExitAsync(TimeSpan.FromSeconds(10))); // As etcd: ended by the signal, gracefully.
        Assert.Contains("received signal; shutting down", server.Err, StringComparison.Ordinal);
        Assert.Contains("closed etcd server", server.Err, StringComparison.Ordinal);
        Assert.Equal("", server.Out);
    }

    [Fact]
    public async Task Start_OnATerminal_SaysHowToCallIt()
    {
        var flags = $"--data-dir {DataDir} --listen-client-urls {Urls} --advertise-client-urls {Urls} --listen-peer-urls {PeerUrl}";
        await using var process = OnATerminal(flags);
        await Poll.UntilAsync("how to call it", TimeSpan.FromSeconds(30), () =>
        {
            Assert.False(process.HasExited, process.Out);
            return Task.FromResult(process.Out.Contains($"curl http://127.0.0.1:{_ports[0]}/v2/keys", StringComparison.Ordinal) && process.Out.Contains("etcdctl ", StringComparison.Ordinal));
        });
        process.Terminate();
        await process.WaitForExitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Environment_InsteadOfFlags_IsHonoured()
    {
        var variables = new Dictionary<string, string?>
        {
            ["ETCD_DATA_DIR"] = DataDir, ["ETCD_LISTEN_CLIENT_URLS"] = Urls, ["ETCD_ADVERTISE_CLIENT_URLS"] = Urls, ["ETCD_LISTEN_PEER_URLS"] = PeerUrl,
            ["ETCD_NO_SUCH_THING"] = "1",
        };
        await using var server = ChildProcess.Start("dotnet", [Repository.Assembly("Standalone")], variables, _folder.Path);
        await UntilReadyAsync(server);
        Assert.Contains("unrecognized environment variable", server.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FirstPut_AfterStart_IsAnsweredWithinASecond()
    {
        // The median of a few starts: the machine may be busy now and then, the program may not be slow.
        var starts = new List<TimeSpan>();
        for (var start = 0; start < 5; start++)
            starts.Add(await TimeToFirstPutAsync($"{DataDir}{start}"));
        starts.Sort();
        var median = starts[starts.Count / 2];
        Assert.True(median < TimeSpan.FromSeconds(1), $"the first put took {string.Join(", ", starts.Select(one => $"{one.TotalMilliseconds:F0} ms"))}");
    }

    private async Task<TimeSpan> TimeToFirstPutAsync(string dataDir)
    {
        var clock = Stopwatch.StartNew();
        await using var server = StartServer("--data-dir", dataDir, "--listen-client-urls", Urls, "--advertise-client-urls", Urls, "--listen-peer-urls", PeerUrl);
        using var v2 = new V2Client(new Uri($"http://127.0.0.1:{_ports[0]}/"));
        await Poll.UntilAsync("the first put", TimeSpan.FromSeconds(30), async () =>
        {
            try
            {
                return (await v2.PutAsync("v2/keys/first", ("value", "put"))).Status == HttpStatusCode.Created;
            }
            catch (HttpRequestException) when (!server.HasExited)
            {
                return false; // Not listening yet.
            }
        });
        var took = clock.Elapsed;
        server.Terminate();
        await server.WaitForExitAsync();
        return took;
    }

    public void Dispose() => _folder.Dispose();

    // Its output, both streams of it.
    private static ChildProcess OnATerminal(string arguments) =>
        ChildProcess.Start("script", ["-qec", $"dotnet {Repository.Assembly("Standalone")} {arguments}", "/dev/null"], new Dictionary<string, string?> { ["TERM"] = "xterm" });

    private ChildProcess StartServer(params string[] arguments) =>
        ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), .. arguments], folder: _folder.Path);

    private async Task<(int Code, string Out, string Err)> RunAsync(params string[] arguments)
    {
        await using var process = StartServer(arguments);
        var code = await process.WaitForExitAsync();
        return (code, process.Out, process.Err);
    }

    // The last of what it says at its start: a line for each URL.
    private Task UntilReadyAsync(ChildProcess server) =>
        Poll.UntilAsync("the server to be ready", TimeSpan.FromSeconds(30), () => server.HasExited
            ? throw new InvalidOperationException(server.Err)
            : Task.FromResult(server.Err.Split("\"msg\":\"serving client traffic insecurely").Length - 1 == Urls.Split(',').Length));
}
