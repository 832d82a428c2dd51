using Storage.Core.Tree;
using Storage.Host;

namespace Bench.Store;

/// <summary>What one round measured of the state machine in this process, over a file and over memory.</summary>
internal sealed record LocalRound(LocalFigures File, LocalFigures Memory, double OpenSeconds, double OpenProcessorSeconds, double HeapBytesPerKey)
{
    private const int Measured = 200_000;

    public static async Task<LocalRound> RunAsync(string folder, int keys, int round)
    {
        var directory = Path.Combine(folder, $"local-{round}");
        var data = StorageData.Open(directory);
        var file = Run(data.Tree, data.Device, keys);
        await data.Owned!.DisposeAsync();
        var (seconds, processor, heap) = await OpenCost.MeasureAsync(directory, keys + Measured);
        Directory.Delete(directory, recursive: true);
        var device = new MemoryDevice();
        return new LocalRound(file, Run(CopyOnWriteTree.Open(device, new SingleThreadSnapshotRegistry()), device, keys), seconds, processor, heap);
    }

    private static LocalFigures Run(ITree tree, IPageDevice device, int keys)
    {
        var store = new LocalStore(tree, device);
        store.Put(keys, i => i);
        GC.Collect();
        // First without looking at the clock: pages are mapped, their checksums checked.
        RangeCost.Measure(store.State, keys, 5 * Measured, seed: 11);
        RangeCost.Count(store.State, keys);
        var count = RangeCost.Count(store.State, keys);
        var range = RangeCost.Measure(store.State, keys, Measured, seed: 3);
        var random = new Workloads.KeyRandom(seed: 5);
        var replacing = store.Put(Measured, _ => random.Next(keys));
        var inserting = store.Put(Measured, i => keys + i);
        return new LocalFigures(replacing, inserting, range, count);
    }
}

/// <summary>Microseconds and bytes of one operation; of a put also the part for commits.</summary>
internal sealed record LocalFigures(
    (double Microseconds, double Bytes, double Commit) Replacing, (double Microseconds, double Bytes, double Commit) Inserting,
    (double Microseconds, double Bytes) Range, double CountMilliseconds);
