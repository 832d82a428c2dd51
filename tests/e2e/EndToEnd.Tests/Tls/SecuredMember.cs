namespace EndToEnd.Tests.Tls;

/// <summary>A standalone member with TLS, as its flags say.</summary>
internal sealed class SecuredMember(string memberName, string folder, int clientPort, string peerUrl) : IAsyncDisposable
{
    private ChildProcess? _process;

    public string Url { get; } = $"https://127.0.0.1:{clientPort}";

    public string PeerUrl { get; } = peerUrl;

    public ChildProcess Process => _process ?? throw new InvalidOperationException($"{Name} was not started");

    public static SecuredMember[] Make(string folder, int count, string peerScheme)
    {
        var ports = Ports.Free(2 * count);
        return [.. Enumerable.Range(0, count).Select(n => new SecuredMember($"m{n}", folder, ports[2 * n], $"{peerScheme}://127.0.0.1:{ports[(2 * n) + 1]}"))];
    }

    public static string ClusterOf(params SecuredMember[] members) => string.Join(',', members.Select(static member => $"{member.Name}={member.PeerUrl}"));

    private string Name { get; } = memberName;

    public void Start(string initialCluster, params string[] flags) => _process = ChildProcess.Start("dotnet", [
        Repository.Assembly("Standalone"), "--name", Name, "--data-dir", Path.Combine(folder, Name), "--listen-client-urls", Url, "--advertise-client-urls", Url,
        "--listen-peer-urls", PeerUrl, "--initial-advertise-peer-urls", PeerUrl, "--initial-cluster", initialCluster, .. flags,
    ]);

    /// <summary>Waits for a word in its log.</summary>
    public Task SaysAsync(string text) => Poll.UntilAsync($"{Name} to say: {text}", Deployment.StartDeadline, () =>
    {
        if (Process.Err.Contains(text, StringComparison.Ordinal))
            return Task.FromResult(true);
        Assert.False(Process.HasExited, $"{Name} ended:\n{Process.Err}");
        return Task.FromResult(false);
    });

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
    }
}
