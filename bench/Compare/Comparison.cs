using System.Net.Sockets;
using Bench.Commands;
using Bench.Http2;
using Bench.Measure;
using Bench.Servers;
using Bench.Workloads;

namespace Bench.Compare;

/// <summary>
/// Runs a section against both servers. Each round starts a fresh pair; then, load by load, one is measured while the other is frozen, so that
/// the two figures of a pair lie seconds apart. Which of the two goes first alternates with the round.
/// </summary>
internal sealed class Comparison(ServerPool pool, ServerProgram etcd, ServerProgram ours, Section section)
{
    private readonly List<Measurements> _results = [];

    public Section Section { get; } = section;

    /// <summary>From process start to the first put answered by every member in milliseconds, one pair a round.</summary>
    public List<(double Etcd, double Ours)> StartMs { get; } = [];

    public IReadOnlyList<Measurements> Results => _results;

    /// <summary>Every load once, short, against a throw-away deployment: the client's own code is compiled before anything counts.</summary>
    public void Rehearse()
    {
        var servers = pool.Start(etcd, Section.Members);
        foreach (var row in Section.Rows)
            LoadRunner.Run(TargetOf(servers, row), row.Options with { Seconds = 0.1, WarmupSeconds = 0, Clients = Math.Min(row.Options.Clients, 100) });
        pool.Stop(servers);
    }

    public void RunRound(int round)
    {
        ServerProgram[] order = round % 2 == 0 ? [etcd, ours] : [ours, etcd];
        var servers = new Dictionary<ServerProgram, Deployment>();
        var cold = new Dictionary<ServerProgram, LoadResult?>();
        var coldRow = ResultsOf(Section.Cold);
        foreach (var program in order)
        {
            var deployment = pool.Start(program, Section.Members);
            servers[program] = deployment;
            cold[program] = TryMeasure(deployment, Section.Cold, coldRow);
            deployment.Suspend();
        }
        AddPair(coldRow, cold);
        StartMs.Add((servers[etcd].StartTime.TotalMilliseconds, servers[ours].StartTime.TotalMilliseconds));
        foreach (var row in (SuiteRow[])[Section.WarmingUp, .. Section.Rows])
            MeasureBoth(row, [.. order.Select(p => servers[p])]);
        foreach (var deployment in servers.Values)
            pool.Stop(deployment);
    }

    private void MeasureBoth(SuiteRow row, IReadOnlyList<Deployment> deployments)
    {
        var measurements = ResultsOf(row);
        var results = new Dictionary<ServerProgram, LoadResult?>();
        foreach (var deployment in deployments)
        {
            deployment.Resume();
            results[deployment.Program] = TryMeasure(deployment, row, measurements);
            deployment.Suspend();
        }
        AddPair(measurements, results);
    }

    private void AddPair(Measurements measurements, Dictionary<ServerProgram, LoadResult?> results)
    {
        if (results[etcd] is { } reference && results[ours] is { } measured)
            measurements.Add(reference, measured);
    }

    // A failed load costs its row, not the comparison; that a server died shows at the next one.
    private static LoadResult? TryMeasure(Deployment servers, SuiteRow row, Measurements measurements)
    {
        var name = servers.Program.Name;
        try
        {
            var result = LoadRunner.Run(TargetOf(servers, row), row.Options);
            Console.Error.WriteLine($"{servers.Members.Count} {name,-5} {row.Name,-60} {LoadCommand.Describe(result)}");
            if (result.Errors == 0 && result.Operations > 0)
                return result;
            measurements.Fail($"{name}: {result.Errors} errors, {result.Operations} operations: {result.ErrorText}");
        }
        catch (Exception e) when (e is BenchException or Http2Exception or SocketException)
        {
            Console.Error.WriteLine($"{servers.Members.Count} {name,-5} {row.Name,-60} failed: {e.Message}");
            measurements.Fail($"{name}: {e.Message}");
        }
        return null;
    }

    private static Target TargetOf(Deployment servers, SuiteRow row)
    {
        if (row.Clients == Placement.AllMembers)
            return servers.Target;
        var leader = servers.FindLeader();
        return servers.At([row.Clients == Placement.Leader ? leader : servers.Members.First(m => m != leader)]);
    }

    private Measurements ResultsOf(SuiteRow row)
    {
        var measurements = _results.Find(m => m.Name == row.Name);
        if (measurements is null)
            _results.Add(measurements = new Measurements(row.Name));
        return measurements;
    }
}
