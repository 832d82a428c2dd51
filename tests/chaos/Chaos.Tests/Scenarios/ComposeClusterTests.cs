using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Clocks;
using Chaos.Tests.Harness.Disks;
using Chaos.Tests.Harness.Network;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Linearizability.History;
using Linearizability.Keys;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: the cluster of containers that users start serves through both gateways while the container of a consensus member is killed, frozen, cut off from its network or
/// from one direction of it, or has a slow or full disk, or a clock that jumps: no request fails, the history is linearizable, watchers miss and repeat nothing (I1, I5, I6, I8).
/// Method: compose.cluster.yaml, clients and watchers at both gateways, faults on whichever member leads, and on one that does not.
/// </summary>
/// <remarks>
/// Containers share the machine's clock, and the images hold no libfaketime: where clocks jump, this machine's is mounted into them.
/// </remarks>
public sealed class ComposeClusterTests(ITestOutputHelper output) : ClusterScenario(output)
{
    // Before a strike every client is connected and has written for a second: a strike into the connecting of clients measures that.
    private const int Clients = 24, Counters = 6, WritesBefore = 1_200, WritesAfter = 400;
    private const int FinalReader = 900_000;
    private const int Kills = 7;

    // The user that the images run as.
    private const string ContainerUser = "1654";
    private const string LeaseManager = "lease-manager";
    private static readonly string[] s_members = ["consensus-1", "consensus-2", "consensus-3"];
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(15), s_deadline = TimeSpan.FromSeconds(60);

    // The aim is 300 ms, as for processes, and 211 ms was the median of nine. Eleven containers share the machine with their own restarts and health checks, so one kill in five or so
    // takes longer; the first finds processes that never saw a failover.
    private static readonly TimeSpan s_maxGapAfterKill = 0.45 * ClusterProgram.ElectionTimeout;

    // Twice the aim of 1.5 election timeouts; 1.8 s were measured.
    private static readonly TimeSpan s_maxGapAfterSilence = 3 * ClusterProgram.ElectionTimeout;

    private static Task<string>? s_building;

    private readonly int[] _ports = Ports.Free(4);
    private readonly List<Operation<KeyRequest, KeyAnswer>> _history = [];
    private int _firstClient;

    [ChaosFact(Need.ContainerEngine)]
    public Task MembersKilledFrozenAndCutOff_ClientsOfBothGateways_NoticeAPauseOnly() => RunAsync(null, async project =>
    {
        var kills = new List<TimeSpan>();
        for (var round = 0; round < Kills; round++)
            kills.Add(await StrikeAsync(project, await LeaderAsync(project), "leader killed", Kill, Start));
        await StrikeAsync(project, await FollowerAsync(project), "follower killed", Kill, Start);
        AssertMedian(kills, s_maxGapAfterKill, "kills");

        List<TimeSpan> silences =
        [
            await StrikeAsync(project, await LeaderAsync(project), "leader frozen", Freeze, Thaw),
            await StrikeAsync(project, await FollowerAsync(project), "follower frozen", Freeze, Thaw),
            await StrikeAsync(project, await LeaderAsync(project), "leader cut off", Disconnect, Connect),
            await StrikeAsync(project, await FollowerAsync(project), "follower cut off", Disconnect, Connect),
            await StrikeAsync(project, await LeaderAsync(project), "leader frozen again", Freeze, Thaw),
        ];
        AssertMedian(silences, s_maxGapAfterSilence, "silences");
    });

    [ChaosFact(Need.ContainerEngine | Need.ContainerNetwork)]
    public Task MembersHearNobodyOrAreHeardByNobody_ClientsOfBothGateways_NoticeAPauseOnly() => RunAsync(null, async project =>
    {
        List<TimeSpan> silences = [];
        foreach (var direction in (Direction[])[Direction.Incoming, Direction.Outgoing])
        {
            silences.Add(await StrikeAsync(project, await LeaderAsync(project), $"leader without {direction} packets", CutIn(direction), Heal));
            silences.Add(await StrikeAsync(project, await FollowerAsync(project), $"follower without {direction} packets", CutIn(direction), Heal));
        }
        AssertMedian(silences, s_maxGapAfterSilence, "cuts");
    });

    [ChaosFact(Need.ContainerEngine | Need.OwnDisk)]
    public async Task DisksOfMembersSlowAndFull_ClientsOfBothGateways_GoOn()
    {
        using var folder = new TempFolder();
        var disks = new Dictionary<string, LoopDisk>();
        try
        {
            foreach (var member in s_members)
            {
                var disk = disks[member] = await LoopDisk.CreateAsync();
                await Command.RunAsync("chown", ContainerUser, disk.Path);
            }
            var changes = Path.Combine(Directory.CreateDirectory(folder.Sub("compose")).FullName, "disks.yaml");
            await File.WriteAllTextAsync(changes, "volumes:\n" + string.Concat(disks.Select(disk =>
                $"  {disk.Key}:\n    driver: local\n    driver_opts: {{ type: none, o: bind, device: \"{disk.Value.Path}\" }}\n")));
            await RunAsync(changes, async project =>
            {
                foreach (var victim in (Func<Task<Container>>[])[() => LeaderAsync(project), () => FollowerAsync(project)])
                {
                    var member = await victim();
                    SlowDisk? slow = null;
                    await StrikeAsync(
                        project, member, "disk slow",
                        (_, struck) => Do(() => slow = disks[struck.Service].Slow()), async (_, _) => await slow!.DisposeAsync());
                    // A member may live on what it has allocated, refuse writes, or end and be started again: its choice. Others go on.
                    await StrikeAsync(
                        project, await victim(), "disk full",
                        (_, struck) => disks[struck.Service].FillAsync(), (_, struck) => Do(disks[struck.Service].Empty));
                }
            });
        }
        finally
        {
            foreach (var disk in disks.Values)
                await disk.DisposeAsync();
        }
    }

    [ChaosFact(Need.ContainerEngine | Need.OwnClock)]
    public async Task ClocksOfMembersAndLeaseManagerJump_ClientsOfBothGateways_NoticeNothing()
    {
        const string Library = "/faketime/libfaketime.so.1", Folder = "/clock", Key = "leased";
        using var folder = new TempFolder();
        var clocks = new Dictionary<string, FakeClock>();
        var changes = "services:\n";
        foreach (var service in (string[])[.. s_members, LeaseManager])
        {
            var own = Directory.CreateDirectory(folder.Sub(service)).FullName;
            var clock = clocks[service] = new FakeClock(Path.Combine(own, "offset"), ($"{Folder}/offset", Library));
            changes += $"  {service}:\n    volumes: [\"{FakeClock.Library}:{Library}:ro\", \"{own}:{Folder}:ro\"]\n    environment:\n"
                + string.Concat(clock.Environment.Select(variable => $"      {variable.Key}: \"{variable.Value}\"\n"));
        }
        var overlay = Path.Combine(Directory.CreateDirectory(folder.Sub("compose")).FullName, "clocks.yaml");
        await File.WriteAllTextAsync(overlay, changes);
        await RunAsync(overlay, async project =>
        {
            using var channel = EtcdCalls.Connect(Gateways[0].Endpoint);
            var lease = await EtcdCalls.GrantAsync(channel, new LeaseGrantRequest { TTL = 600 }, s_requestLimit);
            await EtcdCalls.PutAsync(channel, new PutRequest { Key = ByteString.CopyFromUtf8(Key), Lease = lease.ID }, s_requestLimit);
            List<TimeSpan> jumps = [];
            foreach (var offset in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromHours(-1)])
            {
                foreach (var victim in (Func<Task<Container>>[])[() => LeaderAsync(project), () => FollowerAsync(project), () => Task.FromResult(Of(project, LeaseManager))])
                {
                    jumps.Add(await StrikeAsync(
                        project, await victim(), $"clock off by {offset}",
                        (_, struck) => JumpAsync(project, struck, clocks[struck.Service], offset), (_, struck) => JumpAsync(project, struck, clocks[struck.Service], TimeSpan.Zero)));
                    var left = await EtcdCalls.RangeAsync(channel, new RangeRequest { Key = ByteString.CopyFromUtf8(Key) }, s_requestLimit);
                    Assert.True(left.Kvs.Count == 1, $"the lease ended with a clock off by {offset} (I7)");
                }
            }
            AssertMedian(jumps, s_maxGapAfterKill, "jumps");
        });
    }

    private static async Task JumpAsync(ComposeProject project, Container member, FakeClock clock, TimeSpan offset)
    {
        clock.Set(offset);
        // Asked of the service itself: a new process would see the new clock at once.
        const string Ask = "exec 3<>/dev/tcp/127.0.0.1/8081; printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost:8081\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3";
        await Poll.UntilAsync($"the clock of {member.Service} to jump", s_deadline, async () =>
        {
            var answer = await project.DockerAsync("exec", member.Name, "bash", "-c", Ask);
            var date = answer.Split('\n').First(line => line.StartsWith("Date: ", StringComparison.OrdinalIgnoreCase))["Date: ".Length..].Trim();
            return FakeClock.Shows(DateTimeOffset.Parse(date, CultureInfo.InvariantCulture), offset);
        });
    }

    private static Task Kill(ComposeProject project, Container member) => project.DockerAsync("kill", member.Name);

    private static Task Start(ComposeProject project, Container member) => project.DockerAsync("start", member.Name);

    private static Task Freeze(ComposeProject project, Container member) => project.DockerAsync("pause", member.Name);

    private static Task Thaw(ComposeProject project, Container member) => project.DockerAsync("unpause", member.Name);

    private static Task Disconnect(ComposeProject project, Container member) =>
        project.DockerAsync("network", "disconnect", $"{project.Name}_internal", member.Name);

    private static Task Connect(ComposeProject project, Container member) =>
        project.DockerAsync("network", "connect", "--alias", member.Service, $"{project.Name}_internal", member.Name);

    private static Func<ComposeProject, Container, Task> CutIn(Direction direction) =>
        async (project, member) => await ContainerNetwork.CutAsync(await ProcessIdAsync(project, member), direction);

    private static async Task Heal(ComposeProject project, Container member) => await ContainerNetwork.HealAsync(await ProcessIdAsync(project, member));

    private static async Task<int> ProcessIdAsync(ComposeProject project, Container member) =>
        int.Parse(await project.DockerAsync("inspect", "--format", "{{.State.Pid}}", member.Name), CultureInfo.InvariantCulture);

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private void AssertMedian(IEnumerable<TimeSpan> gaps, TimeSpan allowed, string what)
    {
        var sorted = gaps.Order().ToList();
        var median = sorted[sorted.Count / 2];
        Output.WriteLine($"{what}: median gap {median.TotalMilliseconds:F0} ms");
        Assert.True(median < allowed, $"median gap of {what} {median.TotalMilliseconds:F0} ms, allowed are {allowed.TotalMilliseconds:F0} ms");
    }

    private async Task RunAsync(string? changes, Func<ComposeProject, Task> strikes)
    {
        var project = new ComposeProject("compose.cluster.yaml", new Dictionary<string, string?>
        {
            ["CLIENT_PORT"] = $"{_ports[0]}",
            ["CLIENT_PORT_OLD"] = $"{_ports[1]}",
            ["CLIENT_PORT_2"] = $"{_ports[2]}",
            ["CLIENT_PORT_OLD_2"] = $"{_ports[3]}",
            ["PUBLISH_ADDRESS"] = "127.0.0.1",
        }, changes);
        var watchers = new List<KeyWatcher>();
        try
        {
            // Once: no change of a test's changes an image.
            await (s_building ??= project.ComposeAsync(ComposeProject.BuildDeadline, "build"));
            await project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait");
            foreach (var gateway in Gateways)
                watchers.Add(await KeyWatcher.StartAsync(gateway.Connect(), OwnCounterScript.Key(0)[..^1]));
            await strikes(project);
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
            await project.ComposeAsync(ComposeProject.UpDeadline, "down", "--volumes", "--timeout", "0");
        }
    }

    private IReadOnlyList<Gateway> Gateways => [new(0, new Uri($"http://127.0.0.1:{_ports[0]}/")), new(1, new Uri($"http://127.0.0.1:{_ports[2]}/"))];

    private static Task HealthyAsync(ComposeProject project, string container) => Poll.UntilAsync($"{container} to be healthy", s_deadline, async () =>
        (await project.DockerAsync("inspect", "--format", "{{.State.Health.Status}}", container)).Trim() == "healthy");

    /// <summary>One fault under load, mended at the end; returns the longest gap at the gateway that fared worse.</summary>
    private async Task<TimeSpan> StrikeAsync(
        ComposeProject project, Container member, string word, Func<ComposeProject, Container, Task> strike, Func<ComposeProject, Container, Task> mend)
    {
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
        // Not the engine's time to do it: kill and pause have struck at some moment within.
        var struck = Stopwatch.GetTimestamp();
        await strike(project, member);
        await workload.AcknowledgedAsync(WritesAfter);
        var report = await workload.StopAsync();
        _history.AddRange(report.History);
        var gap = report.LongestGapOfAnyMember(struck, Gateways.Count, first);
        Output.WriteLine($"{member.Service} {word}: gap {gap.TotalMilliseconds:F0} ms at the worse gateway; {report}; {report.ErrorSummary()}");
        Assert.Empty(report.Errors);
        await mend(project, member);
        await HealthyAsync(project, member.Name);
        return gap;
    }

    private async Task<Container> FollowerAsync(ComposeProject project)
    {
        var leader = await LeaderAsync(project);
        return Of(project, s_members.First(member => member != leader.Service));
    }

    private async Task<Container> LeaderAsync(ComposeProject project)
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
        return Of(project, name);
    }

    private static Container Of(ComposeProject project, string service) => new(service, $"{project.Name}-{service}-1");

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

    private sealed record Container(string Service, string Name);

    private sealed record Gateway(int Number, Uri Endpoint) : IClientTarget
    {
        public IEtcdConnection Connect() => new OneEndpoint(Endpoint);
    }
}
