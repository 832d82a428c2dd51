using System.Diagnostics;
using System.Net.Sockets;
using System.Net;
using System.Text.Json;

using Conformance.Harness;
using Conformance.Metrics;
using Conformance.V3;
using EndToEnd.Tests.Tools;
using EtcdApi.Etcdserverpb;
using Grpc.Core;
using Grpc.Net.Client;

namespace Conformance.Cluster;

/// <summary>
/// The members of one cluster, named by letters, and etcdctl: every command's output, error output and exit code is compared, and how members end.
/// </summary>
internal sealed class ClusterSession : IAsyncDisposable
{
    private const string Letters = "abcdef";
    // Ends a hang.
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(120);

    private readonly ServerProgram _program;
    private readonly string _ctlRelease;
    private readonly Transcript _transcript;
    private readonly ClusterText _text = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("conformance-cluster-");
    private readonly Dictionary<char, (int Client, int Peer)> _ports = [];
    private readonly Dictionary<char, MemberProcess> _running = [];
    private readonly Dictionary<char, ulong> _ids = [];

    /// <param name="program">What the members run.</param>
    /// <param name="ctlRelease">Whose etcdctl: 3.5 for v3, 3.4 for v2.</param>
    /// <param name="transcript">Receives what happens.</param>
    public ClusterSession(ServerProgram program, string ctlRelease, Transcript transcript)
    {
        (_program, _ctlRelease, _transcript) = (program, ctlRelease, transcript);
        // In their order, as the letters are: URLs of a member are listed in that of their text.
        int[] ports = [.. Ports.Free(Letters.Length * 2).Order()];
        for (var n = 0; n < Letters.Length; n++)
        {
            _ports[Letters[n]] = (ports[n * 2], ports[(n * 2) + 1]);
            _text.HidePort(ports[n * 2], $"<client {Letters[n]}>");
            _text.HidePort(ports[(n * 2) + 1], $"<peer {Letters[n]}>");
        }
    }

    /// <summary>Waits for the clock's next second: a member's id is made of its URLs and of the second in which it is added, and is refused as such when both are the same.</summary>
    public static Task SecondIsOver() => Task.Delay(TimeSpan.FromMilliseconds(1000 - DateTime.UtcNow.Millisecond));

    /// <summary>What the members that run have written.</summary>
    public string Log => string.Concat(_running.Select(m => $"--- {m.Key}\n{m.Value.Log}\n"));

    public string Peer(char member) => $"http://127.0.0.1:{_ports[member].Peer}";

    public string Client(char member) => $"http://127.0.0.1:{_ports[member].Client}";

    /// <summary>The member's id in hexadecimal, once the cluster has told it.</summary>
    public string Id(char member) => _ids[member].ToString("x");

    public string ClusterOf(string members) => string.Join(',', members.Select(m => $"{m}={Peer(m)}"));

    /// <summary>A new cluster of these members, all serving, led by the first.</summary>
    public async Task StartCluster(string members)
    {
        foreach (var member in members)
            Launch(member, members);
        foreach (var member in members)
            await AwaitHealthy(member);
        await LearnIds();
        await LeadBy(members[0]);
        await VersionIsDecided(members[0]);
        _transcript.Add($"# {members.Length} members, led by {members[0]}");
    }

    /// <summary>Starts a member; flags given replace those of the same name.</summary>
    public void Start(char member, string initialMembers, string state = "new", params string[] flags)
    {
        Launch(member, initialMembers, ["--initial-cluster-state", state, .. flags]);
        _transcript.Add($"# started {member}: {state}, {initialMembers}{(flags.Length == 0 ? "" : _text.Show(" " + string.Join(' ', flags)))}");
    }

    /// <summary>Starts a member that ends by itself; shows its exit code and last words.</summary>
    public async Task StartInVain(char member, string initialMembers, string state = "new", params string[] flags)
    {
        Start(member, initialMembers, state, flags);
        await AwaitEnd(member, tellWhy: true);
    }

    /// <summary>Starts a member that is to find the others by a folder of a v2 key space.</summary>
    public void StartDiscovering(char member, string folder, params string[] flags)
    {
        Launch(member, "", ["--discovery", folder, .. flags]);
        _transcript.Add($"# started {member}: discovers by {_text.Show(string.Join(' ', [folder, .. flags]))}");
    }

    /// <summary>Writes a key of the v2 key space.</summary>
    public async Task PutV2(char member, string key, string value)
    {
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent([new("value", value)]);
        using var answer = await http.PutAsync(new Uri($"{Client(member)}/v2/keys/{key}"), form);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits for the end of a member; shows its exit code.</summary>
    public async Task AwaitEnd(char member, bool tellWhy)
    {
        await using var process = _running[member];
        var code = await process.ExitAsync();
        _running.Remove(member);
        _transcript.Add($"# {member} ended with exit code {code}{(tellWhy ? $": {_text.Show(process.LastWords())}" : "")}");
    }

    /// <summary>
    /// Starts a member that the cluster has removed: it must end. How is not compared: etcd ends with 0 or 1 and with different words, depending on which of its
    /// parts hears of it first.
    /// </summary>
    public async Task StartRemoved(char member, string initialMembers, string state)
    {
        Start(member, initialMembers, state);
        await using var process = _running[member];
        await process.ExitAsync();
        _running.Remove(member);
        _transcript.Add($"# {member} ended");
    }

    public async Task AwaitHealthy(char member)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        await Until($"{member} to be healthy", async () =>
        {
            if (_running[member].HasExited)
                throw new InvalidOperationException($"{member} ended:\n{_running[member].Log}");
            try
            {
                using var answer = await http.GetAsync(new Uri(Client(member) + "/health"));
                return answer.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        });
    }

    /// <summary>Waits until the member listens for clients, whether or not it has a cluster to serve from.</summary>
    public async Task AwaitStatus(char member) => await Until($"{member} to answer", async () => await TryStatus(member) is not null);

    /// <summary>Waits until the series of a metric that a member shows are such, then notes it.</summary>
    public async Task AwaitMetric(char member, string name, string what, Func<ICollection<double>, bool> areSuch)
    {
        await Until($"{name} of {member}: {what}", async () =>
            (await MetricsPair.ScrapeAsync(_ports[member].Client)).Families.TryGetValue(name, out var family) && areSuch(family.Series.Values));
        _transcript.Add($"# {name} of {member}: {what}");
    }

    /// <summary>A watch stream on a member.</summary>
    public MemberWatch OpenWatch(char member, bool hasLeader) =>
        new($"{(hasLeader ? "insisting" : "patient")} watch on {member}", Client(member), hasLeader, _transcript);

    /// <summary>SIGKILL.</summary>
    public async Task Kill(char member)
    {
        await using var process = _running[member];
        await process.KillAsync();
        _running.Remove(member);
        _transcript.Add($"# killed {member}");
    }

    /// <summary>Runs etcdctl against these members' endpoints; single quotes keep words together.</summary>
    public async Task<string> Ctl(string commandLine, string endpoints = "a")
    {
        var (output, error, code) = await RunCtl(commandLine, endpoints);
        await LearnIds(); // A new member's id is in the output already.
        Show(commandLine, endpoints, output, error, code);
        return output;
    }

    public async Task CtlAll(params string[] commandLines)
    {
        foreach (var commandLine in commandLines)
            await Ctl(commandLine);
    }

    /// <summary>
    /// Repeats a command while it is refused with this text, and shows the last outcome only: how long a member must have been seen before the
    /// cluster counts it as healthy is not compared.
    /// </summary>
    public async Task CtlWhileRefused(string refusal, string commandLine, string endpoints = "a")
    {
        var last = (Output: "", Error: "", Code: 0);
        await Until($"an end to \"{refusal}\"", async () =>
        {
            last = await RunCtl(commandLine, endpoints);
            return last.Code == 0 || !last.Error.Contains(refusal, StringComparison.Ordinal);
        });
        await LearnIds();
        Show(commandLine, endpoints, last.Output, last.Error, last.Code);
    }

    /// <summary>What a member says of itself and of its followers: names and shapes; counts and times are its own.</summary>
    public async Task Stats(char member)
    {
        using var http = new HttpClient();
        using var self = JsonDocument.Parse(await http.GetStringAsync(new Uri(Client(member) + "/v2/stats/self")));
        await LearnIds();
        var told = self.RootElement;
        _transcript.Add(_text.Show(
            $"# {told.GetProperty("name")} {told.GetProperty("id")} is {told.GetProperty("state")} under {told.GetProperty("leaderInfo").GetProperty("leader")}, "
            + (told.GetProperty("state").GetString() == "StateLeader" ? $"sent {Some(told, "sendAppendRequestCnt")}" : $"received {Some(told, "recvAppendRequestCnt")}")));
        using var answer = await http.GetAsync(new Uri(Client(member) + "/v2/stats/leader"));
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            _transcript.Add($"# {(int)answer.StatusCode} {body}");
            return;
        }
        using var leader = JsonDocument.Parse(body);
        var followers = leader.RootElement.GetProperty("followers").EnumerateObject().Select(follower => _text.Show(
            $"{follower.Name}: {string.Join(' ', follower.Value.GetProperty("latency").EnumerateObject().Select(static time => time.Name))}, success {Some(follower.Value.GetProperty("counts"), "success")}"));
        _transcript.Add(_text.Show($"# led by {leader.RootElement.GetProperty("leader")}\n") + string.Join('\n', followers.Order(StringComparer.Ordinal)));
    }

    private static string Some(JsonElement element, string count) => element.GetProperty(count).GetInt64() > 0 ? "some" : "none";

    /// <summary>Waits until this member leads, moving the leadership there when need be.</summary>
    public async Task LeadBy(char member)
    {
        await Until($"{member} to lead", async () =>
        {
            var leader = await Leader();
            if (leader is { } other && other != member)
                await RunCtl($"move-leader {Id(member)}", other.ToString(), "3.5", "3");
            return await Leader() == member && await AllFollow(member);
        });
    }

    /// <summary>Waits until some member of these leads; notes nothing, since which one is chance.</summary>
    public Task AwaitLeader() => Until("a leader", async () => await Leader() is not null);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values)
            await process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void Launch(char member, string initialMembers, params string[] own)
    {
        var flags = new Dictionary<string, string>
        {
            ["--name"] = $"{member}",
            ["--data-dir"] = Path.Combine(_folder.FullName, $"{member}"),
            ["--listen-client-urls"] = Client(member),
            ["--advertise-client-urls"] = Client(member),
            ["--listen-peer-urls"] = Peer(member),
            ["--initial-advertise-peer-urls"] = Peer(member),
            ["--initial-cluster"] = ClusterOf(initialMembers),
            ["--log-level"] = "warn",
        };
        if (initialMembers.Length == 0)
            flags.Remove("--initial-cluster");
        for (var n = 0; n < own.Length; n++)
        {
            if (own[n].Contains('=', StringComparison.Ordinal))
                flags[own[n]] = "";
            else
                flags[own[n]] = own[++n];
        }
        _running[member] = new MemberProcess(
            _program, flags.SelectMany(flag => flag.Value.Length == 0 ? (string[])[flag.Key] : [flag.Key, flag.Value]), _folder.FullName);
    }

    private void Show(string commandLine, string endpoints, string output, string error, int code)
    {
        _transcript.Add($"$ etcdctl --endpoints={string.Join(',', endpoints.ToCharArray())} {_text.Show(commandLine)}");
        if (output.Length > 0)
            _transcript.Add(Indent("  ", _text.Show(output)));
        if (error.Length > 0)
            _transcript.Add(Indent("  err: ", _text.Show(error)));
        if (code != 0)
            _transcript.Add($"  exit code {code}");
    }

    private Task<(string Output, string Error, int Code)> RunCtl(string commandLine, string endpoints) =>
        RunCtl(commandLine, endpoints, _ctlRelease, _ctlRelease == "3.4" ? "2" : "3");

    private async Task<(string Output, string Error, int Code)> RunCtl(string commandLine, string endpoints, string release, string api)
    {
        var start = new ProcessStartInfo(Peers.Require(release, "etcdctl")) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add("--endpoints=" + string.Join(',', endpoints.Select(Client)));
        foreach (var word in Words(commandLine))
            start.ArgumentList.Add(word);
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ETCD", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        if (release == "3.4")
            start.Environment["ETCDCTL_API"] = api;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(s_deadline);
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw new TimeoutException($"etcdctl {commandLine} did not end; it wrote:\n{await output}\n{await error}");
        }
        return (await output, await error, process.ExitCode);
    }

    // The members as any of them knows them, without asking the leader: there may be none.
    private async Task LearnIds()
    {
        foreach (var member in _running.Keys)
        {
            try
            {
                using var channel = GrpcChannel.ForAddress(Client(member));
                var request = Rpc.Method(MethodType.Unary, "etcdserverpb.Cluster", "MemberList");
                var options = new CallOptions(deadline: DateTime.UtcNow.AddSeconds(10));
                var list = MemberListResponse.Parser.ParseFrom(await channel.CreateCallInvoker().AsyncUnaryCall(request, null, options, []));
                _text.HideId(list.Header.ClusterId, "<cluster>");
                foreach (var known in list.Members.Where(m => m.PeerURLs.Count > 0))
                {
                    var letter = _ports.Where(p => known.PeerURLs[0].EndsWith($":{p.Value.Peer}", StringComparison.Ordinal)).Select(p => p.Key).FirstOrDefault();
                    if (letter == default)
                        continue;
                    _ids[letter] = known.ID;
                    _text.HideId(known.ID, $"<id {letter}>");
                }
            }
            catch (RpcException)
            {
                // This one does not serve; another may.
            }
        }
    }

    private async Task<char?> Leader()
    {
        foreach (var member in _running.Keys)
        {
            if (await TryStatus(member) is { } status && status.Leader != 0 && status.Leader == status.Header.MemberId)
                return member;
        }
        return null;
    }

    private async Task<bool> AllFollow(char leader)
    {
        foreach (var member in _running.Keys)
        {
            if (await TryStatus(member) is not { } status || status.Leader != _ids[leader])
                return false;
        }
        return true;
    }

    private async Task<StatusResponse?> TryStatus(char member)
    {
        try
        {
            using var channel = GrpcChannel.ForAddress(Client(member));
            return await Rpc.Status.CallAsync(channel, new StatusRequest());
        }
        catch (RpcException)
        {
            return null;
        }
    }

    private async Task VersionIsDecided(char member)
    {
        using var http = new HttpClient();
        await Until("the cluster version", async () =>
            !(await http.GetStringAsync(new Uri(Client(member) + "/version"))).Contains("not_decided", StringComparison.Ordinal));
    }

    private async Task Until(string what, Func<Task<bool>> condition)
    {
        var end = DateTime.UtcNow + s_deadline;
        while (!await condition())
        {
            if (DateTime.UtcNow > end)
                throw new TimeoutException($"waited {s_deadline.TotalSeconds} s for {what}\n{Log}");
            await Task.Delay(50);
        }
    }

    private static string Indent(string prefix, string text) => prefix + text.TrimEnd('\n').Replace("\n", "\n" + prefix, StringComparison.Ordinal);

    private static IEnumerable<string> Words(string commandLine) => commandLine.Split('\'')
        .SelectMany((part, n) => n % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
