using System.Diagnostics;
using Bench.Compare;
using Bench.Measure;
using Bench.Servers;
using Bench.Store;
using Bench.Workloads;

namespace Bench.Large;

/// <summary>Our server with a large store beside one with an empty store: what puts cost in each, in turns.</summary>
internal sealed class LargeStore(ServerPool pool, ServerProgram program)
{
    private const int FillClients = 50;

    private static readonly LoadOptions s_puts = new() { Workload = WorkloadKind.Put, Seconds = 5, WarmupSeconds = 2 };

    public LargeStoreResult Measure(long bytes, int valueBytes, int rounds)
    {
        var large = pool.Start(program, members: 1);
        var keys = (int)(bytes / valueBytes);
        LoadRunner.Fill(large.Target, new FillRequests(valueBytes), FillClients, keys);
        large.Suspend();
        var empty = pool.Start(program, members: 1);
        empty.Suspend();

        var measurements = new Measurements("puts");
        Deployment[] both = [empty, large];
        // The first turn of each is not counted: the one is fresh, the other has done one thing only for minutes.
        for (var round = -1; round < rounds; round++)
        {
            var results = new Dictionary<Deployment, LoadResult>();
            foreach (var deployment in round % 2 == 0 ? both : both.Reverse())
            {
                deployment.Resume();
                results[deployment] = LoadRunner.Run(deployment.Target, s_puts);
                deployment.Suspend();
                if (results[deployment].Errors > 0)
                    throw new BenchException($"puts failed: {results[deployment].ErrorText}");
            }
            if (round >= 0)
                measurements.Add(results[empty], results[large]);
        }
        var server = large.Members[0];
        large.Resume();
        var memory = ProcessStat.Memory(server.ProcessId);
        var file = server.DataBytes();
        server.Stop();
        var started = Stopwatch.GetTimestamp();
        server.Restart();
        server.AwaitAnswer();
        var start = Stopwatch.GetElapsedTime(started);
        var restarted = ProcessStat.Memory(server.ProcessId);
        pool.Stop(large);
        empty.Resume();
        pool.Stop(empty);
        return new LargeStoreResult(keys, measurements, memory, restarted, file, start);
    }
}

/// <summary>What came out.</summary>
/// <param name="Keys">Keys of the large store.</param>
/// <param name="Puts">The empty store in etcd's place, the large one in ours.</param>
/// <param name="Filled">Memory of the large one after the puts.</param>
/// <param name="Restarted">Its memory after a start.</param>
/// <param name="DataBytes">All files of the large one.</param>
/// <param name="Start">From its start to its first answered put.</param>
internal sealed record LargeStoreResult(int Keys, Measurements Puts, ProcessMemory Filled, ProcessMemory Restarted, long DataBytes, TimeSpan Start);
