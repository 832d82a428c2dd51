namespace EndToEnd.Tests.Snapshots;

/// <summary>Which program a member runs.</summary>
internal enum ServerKind
{
    Ours,
    Etcd,
    Etcd34,
}

/// <summary>A member's name, folder and addresses: the same for whichever program runs it.</summary>
internal sealed record Member(string Name, string DataDir, int ClientPort, int PeerPort, string InitialCluster)
{
    public Uri Client => new($"http://127.0.0.1:{ClientPort}/");

    public string PeerUrl => PeerUrlOf(PeerPort);

    /// <summary>Members m1, m2, ... of one initial cluster.</summary>
    public static Member[] Make(TempFolder folder, string label, int count = 1)
    {
        var ports = Ports.Free(2 * count);
        var cluster = string.Join(',', Enumerable.Range(0, count).Select(n => $"m{n + 1}={PeerUrlOf(ports[(2 * n) + 1])}"));
        return [.. Enumerable.Range(0, count).Select(n => new Member($"m{n + 1}", folder.Sub($"{label}-m{n + 1}"), ports[2 * n], ports[(2 * n) + 1], cluster))];
    }

    private static string PeerUrlOf(int port) => $"http://127.0.0.1:{port}";
}

/// <summary>A running member.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private Server(Member member, ChildProcess process)
    {
        _process = process;
        Client = member.Client;
        Etcdctl = new Etcdctl(member.Client);
    }

    public Uri Client { get; }

    public Etcdctl Etcdctl { get; }

    /// <summary>What it said so far.</summary>
    public string Log => _process.Err;

    public static Server Launch(ServerKind kind, Member member, string state = "new", params string[] more)
    {
        var client = member.Client.ToString().TrimEnd('/');
        string[] flags =
        [
            "--name", member.Name, "--data-dir", member.DataDir, "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", member.PeerUrl, "--initial-advertise-peer-urls", member.PeerUrl, "--initial-cluster", member.InitialCluster,
            "--initial-cluster-state", state, .. more,
        ];
        return new Server(member, kind switch
        {
            ServerKind.Ours => ChildProcess.Start("dotnet", [Repository.Assembly("Standalone"), .. flags]),
            ServerKind.Etcd => ChildProcess.Start(Toolbox.Etcd, flags),
            _ => ChildProcess.Start(Toolbox.Etcd34, flags),
        });
    }

    public static async Task<Server> StartAsync(ServerKind kind, Member member, string state = "new", params string[] more)
    {
        var server = Launch(kind, member, state, more);
        try
        {
            await server.UntilHealthyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async Task UntilHealthyAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Poll.UntilAsync($"{Client} to be healthy", Deployment.StartDeadline, async () =>
        {
            if (_process.HasExited)
                throw new InvalidOperationException(_process.Err);
            try
            {
                using var answer = await http.GetAsync(new Uri(Client, "health"));
                return answer.IsSuccessStatusCode;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        });
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
