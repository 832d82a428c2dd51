using System.Buffers.Binary;
using System.Diagnostics;
using Bench.Measure;
using Bench.Workloads;

namespace Bench.Store.Trees;

/// <summary>The storage engine's tree beside LMDB: the same keys, values and batches, on the same disk, in turns.</summary>
internal sealed class TreeRace(string folder, int keys)
{
    public const int BatchKeys = 1_000, ValueBytes = 256, KeyBytes = 17;

    private static readonly byte[] s_value = PutRequests.NewValue(ValueBytes);

    private readonly List<TreeRound> _ours = [], _lmdb = [];

    /// <summary>Both once; which goes first alternates.</summary>
    public void RunRound(int round)
    {
        for (var i = 0; i < 2; i++)
        {
            var directory = Path.Combine(folder, $"tree-{round}-{i}");
            var isOurs = (i + round) % 2 == 0;
            using (ITreeEngine engine = isOurs ? new OurTree(directory) : new LmdbTree(directory))
                (isOurs ? _ours : _lmdb).Add(Run(engine, round));
            Directory.Delete(directory, recursive: true);
        }
    }

    public void Render(MarkdownText text)
    {
        text.Line($"| {keys:N0} keys of {KeyBytes} bytes, values of {ValueBytes}; batches of {BatchKeys:N0}, each synced | LMDB µs/key | ours µs/key | ours ÷ LMDB (lowest to highest) |");
        text.Line($"|---|---:|---:|---:|");
        Row(text, "append in batches", static r => r.Append);
        Row(text, "random put in batches", static r => r.Put);
        Row(text, "random get", static r => r.Get);
        Row(text, "full scan", static r => r.Scan);
    }

    private void Row(MarkdownText text, string name, Func<TreeRound, double> figure)
    {
        var ratio = Figures.Spread(_ours.Zip(_lmdb, (ours, lmdb) => figure(ours) / figure(lmdb)));
        text.Line($"| {name} | {Figures.Median(_lmdb.Select(figure)):F3} | {Figures.Median(_ours.Select(figure)):F3} | {MarkdownText.Cell(ratio, "F2")} |");
    }

    private TreeRound Run(ITreeEngine engine, int round)
    {
        var random = new KeyRandom((ulong)round + 1);
        var batches = keys / BatchKeys;
        var append = PutBatches(engine, batches, isAppend: true, (batch, i) => (batch * BatchKeys) + i);
        var put = PutBatches(engine, batches / 10, isAppend: false, (_, _) => random.Next(keys));
        byte[][] wanted = [.. Enumerable.Range(0, keys).Select(_ => Key(random.Next(keys)))];
        // First without looking at the clock: pages get mapped and checked.
        engine.Get(wanted);
        var get = Cost(() => Require(engine.Get(wanted) == (long)s_value[0] * keys)) / keys;
        engine.Scan();
        var scan = Cost(() => Require(engine.Scan() == (keys, (long)keys * (KeyBytes + ValueBytes)))) / keys;
        return new TreeRound(append, put, get, scan);
    }

    private static double PutBatches(ITreeEngine engine, int batches, bool isAppend, Func<int, int, int> keyNumber)
    {
        double microseconds = 0;
        var batch = new byte[BatchKeys][];
        for (var n = 0; n < batches; n++)
        {
            for (var i = 0; i < BatchKeys; i++)
                batch[i] = Key(keyNumber(n, i));
            microseconds += Time(() => engine.Put(batch, s_value, isAppend));
        }
        return microseconds / ((double)batches * BatchKeys);
    }

    private static double Time(Action action)
    {
        var ticks = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(ticks).TotalMicroseconds;
    }

    // Nothing waits for a disk: what this thread does not get from the machine, others took.
    private static double Cost(Action action)
    {
        var began = ThreadClock.Microseconds();
        action();
        return ThreadClock.Microseconds() - began;
    }

    private static void Require(bool isRight)
    {
        if (!isRight)
            throw new BenchException("a tree answered something else than was put into it");
    }

    // As a stored revision has it.
    private static byte[] Key(int number)
    {
        var key = new byte[KeyBytes];
        BinaryPrimitives.WriteInt64BigEndian(key, number + 2);
        key[8] = (byte)'_';
        return key;
    }
}

/// <summary>Microseconds a key.</summary>
internal readonly record struct TreeRound(double Append, double Put, double Get, double Scan);
