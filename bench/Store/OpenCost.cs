using System.Diagnostics;
using Bench.Workloads;
using Storage.Core.State;
using Storage.Host;
using Storage.Host.Service;

namespace Bench.Store;

/// <summary>Opening a data file: how long the rebuild of the state takes, and what it leaves on the heap.</summary>
internal static class OpenCost
{
    /// <summary>Seconds from the closed file to a state that can be read, processor time of this process meanwhile, and managed bytes per key that this took.</summary>
    public static async Task<(double Seconds, double ProcessorSeconds, double HeapBytesPerKey)> MeasureAsync(string directory, int keys)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var busy = Environment.CpuUsage.TotalTime;
        var ticks = Stopwatch.GetTimestamp();
        var data = StorageData.Open(directory);
        var machine = StateMachine.Open(data.Tree, new StateMachineOptions(), new PoolWorker());
        var state = new PublishedState(machine.Freeze());
        var seconds = Stopwatch.GetElapsedTime(ticks).TotalSeconds;
        var processorSeconds = (Environment.CpuUsage.TotalTime - busy).TotalSeconds;
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        RangeCost.Count(state, keys);
        RangeCost.Measure(state, keys, ranges: 1_000, seed: 3);
        GC.KeepAlive(machine);
        await data.Owned!.DisposeAsync();
        return (seconds, processorSeconds, (double)bytes / keys);
    }
}
