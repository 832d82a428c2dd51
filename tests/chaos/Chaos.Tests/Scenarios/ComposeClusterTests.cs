using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Chaos.Tests.Harness;
using Chaos.Tests.Workload;
using Linearizability.History;
using Linearizability.Keys;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: the cluster of containers that users start serves through both gateways while the container of the leading consensus member is killed, frozen, and cut
/// off from its network: no request fails, the history is linearizable, watchers miss and repeat nothing (I1, I5, I6, I8). Method: compose.cluster.yaml, clients and
/// watchers at both gateways, each fault once on whichever member leads.
/// </summary>
public sealed class ComposeClusterTests(ITestOutputHelper output) : ClusterScenario(output)
{
    private const int Clients = 24, Counters = 6, WritesBefore = 150, WritesAfter = 400;
    private const int FinalReader = 900_000;
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(15), s_deadline = TimeSpan.FromSeconds(60);

    private readonly int[] _ports = Ports.Free(4);
    private readonly List<Operation<KeyRequest, KeyAnswer>> _history = [];
    private int _firstClient;

    [ChaosFact(Need.ContainerEngine)]
    public async Task LeaderKilledFrozenAndCutOff_ClientsOfBothGateways_NoticeAPauseOnly()
    {
        var project = new ComposeProject("compose.cluster.yaml", new Dictionary<string, string?>
        {
            ["CLIENT_PORT"] = $"{_ports[0]}",
            ["CLIENT_PORT_OLD"] = $"{_ports[1]}",
            ["CLIENT_PORT_2"] = $"{_ports[2]}",
            ["CLIENT_PORT_OLD_2"] = $"{_ports[3]}",
            ["PUBLISH_ADDRESS"] = "127.0.0.1",
        });
        var watchers = new List<KeyWatcher>();
        try
        {
            await project.ComposeAsync(ComposeProject.BuildDeadline, "build");
            await project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait");
            foreach (var gateway in Gateways)
                watchers.Add(await KeyWatcher.StartAsync(gateway.Connect(), OwnCounterScript.Key(0)[..^1]));

            await StrikeAsync(project, "killed", leader => project.DockerAsync("kill", leader.Container), leader => project.DockerAsync("start", leader.Container));
            await StrikeAsync(project, "frozen", leader => project.DockerAsync("pause", leader.Container), leader => project.DockerAsync("unpause", leader.Container));
            await StrikeAsync(
                project, "cut off",
                leader => project.DockerAsync("network", "disconnect", $"{project.Name}_internal", leader.Container),
                leader => project.DockerAsync("network", "connect", "--alias", leader.Service, $"{project.Name}_internal", leader.Container));

            var last = await ReadAllAsync();
            CheckHistory([.. _history, .. last]);
            var versions = last.Where(o => o.Input.Key.StartsWith("own/", StringComparison.Ordinal) && o.Output.Before is not null)
                .GroupBy(o => o.Input.Key).ToDictionary(key => key.Key, key => key.Last().Output.Before!.Value.Version);
            await Poll.UntilAsync("every watcher to have every event", s_deadline, () => Task.FromResult(watchers.All(watcher => watcher.HasSeen(versions))));
        }
        catch (Exception)
        {
            Output.WriteLine(await project.ComposeAsync(ComposeProject.UpDeadline, "logs", "--no-color", "--tail", "60"));
            throw;
        }
        finally
        {
            foreach (var watcher in watchers)
                await watcher.DisposeAsync();
            await project.ComposeAsync(ComposeProject.UpDeadline, "down", "--volumes", "--timeout", "10");
        }
    }

    private IReadOnlyList<Gateway> Gateways => [new(0, new Uri($"http://127.0.0.1:{_ports[0]}/")), new(1, new Uri($"http://127.0.0.1:{_ports[2]}/"))];

    private static Task HealthyAsync(ComposeProject project, string container) => Poll.UntilAsync($"{container} to be healthy", s_deadline, async () =>
        (await project.DockerAsync("inspect", "--format", "{{.State.Health.Status}}", container)).Trim() == "healthy");

    private async Task StrikeAsync(
        ComposeProject project, string word, Func<(string Service, string Container), Task> strike, Func<(string Service, string Container), Task> mend)
    {
        var leader = await LeaderAsync(project);
        var first = _firstClient;
        _firstClient += Clients;
        await using var workload = WorkloadRun.Start(Gateways, new WorkloadOptions
        {
            Clients = Clients,
            FirstClient = first,
            Pause = TimeSpan.FromMilliseconds(20),
            RequestLimit = s_requestLimit,
            Script = n => n % 4 < 2 ? new OwnCounterScript(first + n) : new SharedCounterScript(n % Counters),
        });
        await workload.AcknowledgedAsync(WritesBefore);
        var struck = Stopwatch.GetTimestamp();
        await strike(leader);
        await workload.AcknowledgedAsync(WritesAfter);
        var report = await workload.StopAsync();
        _history.AddRange(report.History);
        Output.WriteLine(
            $"{leader.Service} {word}: gap {report.LongestGapOfAnyMember(struck, Gateways.Count, first).TotalMilliseconds:F0} ms at the worse gateway; {report}; {report.ErrorSummary()}");
        Assert.Empty(report.Errors);
        await mend(leader);
        await HealthyAsync(project, leader.Container);
    }

    private async Task<(string Service, string Container)> LeaderAsync(ComposeProject project)
    {
        using var http = new HttpClient();
        using var channel = EtcdCalls.Connect(Gateways[0].Endpoint);
        var name = await Poll.UntilAsync("a leader", s_deadline, async () =>
        {
            var leader = (await EtcdCalls.StatusAsync(channel, s_requestLimit)).Leader.ToString("x");
            var members = await http.GetFromJsonAsync<JsonElement>(new Uri(Gateways[0].Endpoint, "v2/members"));
            return members.GetProperty("members").EnumerateArray()
                .FirstOrDefault(member => member.GetProperty("id").GetString() == leader) is { ValueKind: JsonValueKind.Object } found
                    ? found.GetProperty("name").GetString() : null;
        });
        return (name, $"{project.Name}-{name}-1");
    }

    private async Task<List<Operation<KeyRequest, KeyAnswer>>> ReadAllAsync()
    {
        var keys = _history.Select(o => o.Input.Key).Distinct().ToList();
        var read = new List<Operation<KeyRequest, KeyAnswer>>();
        foreach (var gateway in Gateways)
        {
            using var client = new KvClient(FinalReader + gateway.Number, gateway.Connect(), s_requestLimit);
            foreach (var key in keys)
                Assert.NotNull(await client.DoAsync(new(RequestKind.Get, key)));
            read.AddRange(client.History);
        }
        return read;
    }

    private sealed record Gateway(int Number, Uri Endpoint) : IClientTarget
    {
        public IEtcdConnection Connect() => new OneEndpoint(Endpoint);
    }
}
