namespace EndToEnd.Tests.Maintenance;

/// <summary>One of several standalone members, which a test stops and starts with other flags.</summary>
public sealed class StandaloneMember(string name, int clientPort, string peerUrl, string initialCluster, string folder) : IAsyncDisposable
{
    private ChildProcess? _process;

    public Uri Client { get; } = new($"http://127.0.0.1:{clientPort}/");

    public string StorageFolder => Path.Combine(folder, name, "storage");

    public ChildProcess Process => _process ?? throw new InvalidOperationException($"{name} was not started");

    /// <summary>Members of one new cluster, not started.</summary>
    public static StandaloneMember[] Cluster(int members, string folder)
    {
        var ports = Ports.Free(members * 2);
        string PeerUrl(int n) => $"http://127.0.0.1:{ports[members + n]}";
        var cluster = string.Join(',', Enumerable.Range(0, members).Select(n => $"m{n}={PeerUrl(n)}"));
        return [.. Enumerable.Range(0, members).Select(n => new StandaloneMember($"m{n}", ports[n], PeerUrl(n), cluster, folder))];
    }

    /// <summary>A member of a new cluster that consists of it alone, where this one was.</summary>
    /// <param name="other">Its name.</param>
    public StandaloneMember Replace(string other) => new(other, Ports.Free(1)[0], peerUrl, $"{other}={peerUrl}", folder);

    public void Start(params string[] flags)
    {
        var client = Client.ToString().TrimEnd('/');
        _process = ChildProcess.Start("dotnet", [
            Repository.Assembly("Standalone"), "--name", name, "--data-dir", Path.Combine(folder, name), "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl,
            "--initial-cluster", initialCluster, "--initial-cluster-state", "new", .. flags,
        ]);
    }

    /// <summary>Waits until it is healthy.</summary>
    public async Task AwaitHealthAsync()
    {
        using var http = new HttpClient { BaseAddress = Client, Timeout = TimeSpan.FromSeconds(5) };
        await Poll.UntilAsync($"{name} to be healthy", Deployment.StartDeadline, async () =>
        {
            Assert.False(Process.HasExited, $"{name} ended:\n{Process.Err}");
            try
            {
                using var answer = await http.GetAsync(new Uri("health", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        });
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task StopAsync()
    {
        Process.Terminate();
        await Process.WaitForExitAsync();
        await Process.DisposeAsync();
        _process = null;
    }

    /// <summary>SIGKILL, and waits for the end.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
        await Process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }
}
