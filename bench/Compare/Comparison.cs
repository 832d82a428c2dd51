using System.Net.Sockets;
using Bench.Commands;
using Bench.Http2;
using Bench.Measure;
using Bench.Workloads;

namespace Bench.Compare;

/// <summary>
/// Runs a suite against both servers. Each round starts a fresh pair; then, load by load, one is measured while the other is frozen, so that
/// the two figures of a pair lie seconds apart. Which of the two goes first alternates with the round.
/// </summary>
internal sealed class Comparison(ServerProgram etcd, ServerProgram ours, Suite suite, string only, string workFolder) : IDisposable
{
    private readonly List<ServerProcess> _running = [];
    private readonly Lock _gate = new();
    private readonly List<Measurements> _results = [];

    /// <summary>From process start to the first answered put in milliseconds, one pair a round.</summary>
    public List<(double Etcd, double Ours)> StartMs { get; } = [];

    public IReadOnlyList<Measurements> Results => _results;

    /// <summary>Every load once, short, against a throw-away server: the client's own code is compiled before anything counts.</summary>
    public void Rehearse()
    {
        var server = Start(etcd);
        foreach (var row in Rows())
            LoadRunner.Run(server.Target, row.Options with { Seconds = 0.1, WarmupSeconds = 0, Clients = Math.Min(row.Options.Clients, 100) });
        Stop(server);
    }

    public void RunRound(int round)
    {
        ServerProgram[] order = round % 2 == 0 ? [etcd, ours] : [ours, etcd];
        var servers = new Dictionary<ServerProgram, ServerProcess>();
        var cold = new Dictionary<ServerProgram, LoadResult?>();
        var coldRow = ResultsOf(suite.Cold);
        foreach (var program in order)
        {
            var server = Start(program);
            servers[program] = server;
            cold[program] = TryMeasure(server, suite.Cold, coldRow);
            server.Suspend();
        }
        AddPair(coldRow, cold);
        StartMs.Add((servers[etcd].StartTime.TotalMilliseconds, servers[ours].StartTime.TotalMilliseconds));
        foreach (var row in (SuiteRow[])[suite.WarmingUp, .. Rows()])
            MeasureBoth(row, [.. order.Select(p => servers[p])]);
        foreach (var server in servers.Values)
            Stop(server);
    }

    public void Dispose()
    {
        ServerProcess[] left;
        lock (_gate)
        {
            left = [.. _running];
            _running.Clear();
        }
        foreach (var server in left)
            server.Dispose();
    }

    private IEnumerable<SuiteRow> Rows() => suite.Rows.Where(r => r.Name.Contains(only, StringComparison.OrdinalIgnoreCase));

    private void MeasureBoth(SuiteRow row, IReadOnlyList<ServerProcess> servers)
    {
        var measurements = ResultsOf(row);
        var results = new Dictionary<ServerProgram, LoadResult?>();
        foreach (var server in servers)
        {
            server.Resume();
            results[server.Program] = TryMeasure(server, row, measurements);
            server.Suspend();
        }
        AddPair(measurements, results);
    }

    private void AddPair(Measurements measurements, Dictionary<ServerProgram, LoadResult?> results)
    {
        if (results[etcd] is { } reference && results[ours] is { } measured)
            measurements.Add(reference, measured);
    }

    // A failed load costs its row, not the comparison; that a server died shows at the next one.
    private static LoadResult? TryMeasure(ServerProcess server, SuiteRow row, Measurements measurements)
    {
        try
        {
            var result = LoadRunner.Run(server.Target, row.Options);
            Console.Error.WriteLine($"{server.Program.Name,-5} {row.Name,-60} {LoadCommand.Describe(result)}");
            if (result.Errors == 0 && result.Operations > 0)
                return result;
            measurements.Fail($"{server.Program.Name}: {result.Errors} errors, {result.Operations} operations: {result.ErrorText}");
        }
        catch (Exception e) when (e is BenchException or Http2Exception or SocketException)
        {
            Console.Error.WriteLine($"{server.Program.Name,-5} {row.Name,-60} failed: {e.Message}");
            measurements.Fail($"{server.Program.Name}: {e.Message}");
        }
        return null;
    }

    private Measurements ResultsOf(SuiteRow row)
    {
        var measurements = _results.Find(m => m.Name == row.Name);
        if (measurements is null)
            _results.Add(measurements = new Measurements(row.Name));
        return measurements;
    }

    private ServerProcess Start(ServerProgram program)
    {
        var server = ServerProcess.Start(program, workFolder);
        lock (_gate)
            _running.Add(server);
        return server;
    }

    private void Stop(ServerProcess server)
    {
        lock (_gate)
            _running.Remove(server);
        server.Dispose();
    }
}
