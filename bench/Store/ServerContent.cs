using System.Diagnostics;
using Bench.Measure;
using Bench.Servers;
using Bench.Workloads;

namespace Bench.Store;

/// <summary>A server process with a given number of keys: its memory, and how long it takes to start again with them.</summary>
internal static class ServerContent
{
    private const int Clients = 100, ValueBytes = 256;

    public static ServerContentResult Measure(ServerPool pool, ServerProgram program, int keys)
    {
        var deployment = pool.Start(program, members: 1);
        var server = deployment.Members[0];
        var empty = ProcessStat.Memory(server.ProcessId);
        LoadRunner.Fill(deployment.Target, new FillRequests(ValueBytes), Clients, keys);
        var filled = ProcessStat.Memory(server.ProcessId);
        server.Stop();
        var ticks = Stopwatch.GetTimestamp();
        server.Restart();
        server.AwaitAnswer();
        var start = Stopwatch.GetElapsedTime(ticks);
        var restarted = ProcessStat.Memory(server.ProcessId);
        pool.Stop(deployment);
        return new ServerContentResult(empty, filled, restarted, start);
    }
}

/// <summary>Memory of an empty server, of one right after its last key, and of one started again; and how long that start took, to its first answered put.</summary>
internal sealed record ServerContentResult(ProcessMemory Empty, ProcessMemory Filled, ProcessMemory Restarted, TimeSpan Start);
