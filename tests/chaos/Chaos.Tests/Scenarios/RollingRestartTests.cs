using System.Diagnostics;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using Grpc.Core;
using Linearizability.History;
using Linearizability.Keys;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: every member, or every service, can be restarted in turn while clients are at work, and none of them sees an error: no request fails, no watch misses or repeats an
/// event, no lease that is kept alive ends (I1, I5, I6, I7, I8). Method: one process after the other gets SIGTERM and is started again, the next when that one has caught up; a
/// hundred clients work meanwhile, those that know all endpoints and retry what etcd's client library retries, and those that know one that stays and retry nothing.
/// </summary>
public sealed class RollingRestartTests(ITestOutputHelper output) : ClusterScenario(output)
{
    // Before each stop, and while one process is missing: every client has had answers.
    private const int WritesBetween = 500;
    private const int EndpointsOfAll = 1000;

    // A process gives open calls five seconds; that must not be what ends them.
    private static readonly TimeSpan s_maxStop = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private readonly List<Operation<KeyRequest, KeyAnswer>> _history = [];
    private readonly List<RpcException> _errors = [];
    private readonly List<TimeSpan> _stops = [];
    private int _loads;

    [ChaosFact]
    public Task Members_ClientsOfAllEndpoints_SeeNoError() => RunAsync(ClusterProgram.Chosen, async cluster =>
    {
        await using var load = await SteadyLoad.StartAsync([new EveryMember(cluster)], _loads++);
        foreach (var member in cluster.Members)
            await RestartAsync(cluster, load, member);
        await FinishAsync("clients of all endpoints", load);
    });

    [ChaosFact]
    public Task Members_ClientsOfTheOthers_SeeNoError() => RunAsync(ClusterProgram.Chosen, async cluster =>
    {
        foreach (var member in cluster.Members)
        {
            await using var load = await SteadyLoad.StartAsync([.. cluster.AllBut(member)], _loads++);
            await RestartAsync(cluster, load, member);
            await FinishAsync($"without member {member.Number}", load);
        }
    });

    [ChaosFact]
    public Task Services_ClientsOfAllGateways_SeeNoError() => RunAsync(new SplitProgram { HasSecondManager = true }, async cluster =>
    {
        await using var load = await SteadyLoad.StartAsync(cluster.Members, _loads++);
        foreach (var role in (string[])[SplitProgram.Consensus, SplitProgram.Storage])
        {
            foreach (var member in cluster.Members)
                await RestartAsync(cluster, load, member.Processes, role);
        }
        // Two of each, as in the stack that users start: a sole lease manager is away for as long as its start takes, and a keep-alive waits for seven seconds.
        foreach (var role in (string[])[.. SplitProgram.Hubs, SplitProgram.LeaseManager, SplitProgram.SecondManager])
            await RestartAsync(cluster, load, cluster.Beside, role);
        await FinishAsync("services restarted", load);
    });

    [ChaosFact]
    public Task Gateways_ClientsOfTheOthersAndOfAll_SeeNoError() => RunAsync(new SplitProgram(), async cluster =>
    {
        await using var all = await SteadyLoad.StartAsync([new EveryMember(cluster)], _loads++);
        foreach (var member in cluster.Members)
        {
            await using var load = await SteadyLoad.StartAsync([.. cluster.AllBut(member)], _loads++);
            await RestartAsync(cluster, load, member.Processes, SplitProgram.Gateway);
            await FinishAsync($"without gateway {member.Number}", load);
        }
        await FinishAsync("clients of all gateways", all);
    });

    private async Task RunAsync(ClusterProgram program, Func<ChaosCluster, Task> restarts)
    {
        await using var cluster = await ChaosCluster.StartAsync(program, new ClusterOptions());
        try
        {
            await restarts(cluster);
            Output.WriteLine($"{program.Label}: stopped within {string.Join(", ", _stops.Select(stop => $"{stop.TotalMilliseconds:F0}"))} ms");
            CheckHistory([.. _history, .. await ReadFinallyAsync(cluster, _history.Select(o => o.Input.Key).Distinct())]);
            if (!program.HidesFailover)
                return;
            Assert.Empty(_errors);
            Assert.True(_stops.Max() < s_maxStop, $"a stop took {_stops.Max().TotalSeconds:F1} s");
        }
        catch (Exception)
        {
            Output.WriteLine(cluster.Log);
            throw;
        }
    }

    private Task RestartAsync(ChaosCluster cluster, SteadyLoad load, Member member) =>
        RestartAsync(cluster, load, member.TerminateAsync, member.Start, $"member {member.Number}");

    private Task RestartAsync(ChaosCluster cluster, SteadyLoad load, ProcessGroup processes, string role) => RestartAsync(
        cluster, load, () => processes.EndAsync(process => process.Terminate(), "terminated", role), () => processes.Start(role), role);

    private async Task RestartAsync(ChaosCluster cluster, SteadyLoad load, Func<Task> stop, Action start, string what)
    {
        await load.Workload.AcknowledgedAsync(WritesBetween);
        var began = Stopwatch.GetTimestamp();
        await stop();
        _stops.Add(Stopwatch.GetElapsedTime(began));
        await load.Workload.AcknowledgedAsync(WritesBetween);
        var started = Stopwatch.GetTimestamp();
        start();
        await CaughtUpAsync(cluster, what);
        Output.WriteLine($"{what}: gone for {Stopwatch.GetElapsedTime(began, started).TotalMilliseconds:F0} ms, all caught up after {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0} ms more");
    }

    /// <summary>Every member serves, and holds what any of them had applied when this began.</summary>
    private static async Task CaughtUpAsync(ChaosCluster cluster, string what)
    {
        await cluster.AllHealthyAsync();
        ulong applied = 0;
        foreach (var member in cluster.Members)
            applied = Math.Max(applied, (await StatusAsync(member)).RaftAppliedIndex);
        foreach (var member in cluster.Members)
        {
            await Poll.UntilAsync(
                $"member {member.Number} to have caught up after {what}", ChaosCluster.StartDeadline, async () => (await StatusAsync(member)).RaftAppliedIndex >= applied);
        }
    }

    private static async Task<EtcdApi.Etcdserverpb.StatusResponse> StatusAsync(Member member)
    {
        using var connection = member.Connect();
        return await connection.CallAsync(channel => EtcdCalls.StatusAsync(channel, s_limit), changesNothing: true);
    }

    private async Task FinishAsync(string what, SteadyLoad load)
    {
        var report = await load.StopAsync();
        Output.WriteLine($"{what}: {report}");
        _history.AddRange(report.History);
        _errors.AddRange(report.Errors);
    }

    /// <summary>Clients that know all members.</summary>
    private sealed class EveryMember(ChaosCluster cluster) : IClientTarget
    {
        private int _clients;

        public int Number => EndpointsOfAll;

        public IEtcdConnection Connect() => new AllEndpoints(cluster.Members.Select(member => member.Endpoint), Interlocked.Increment(ref _clients));
    }
}
