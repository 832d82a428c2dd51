using System.Runtime.CompilerServices;

namespace Storage.Core.Keys;

/// <summary>Making leaves of rows in great number, for <see cref="KeyIndexLoader"/>.</summary>
public sealed partial class KeyIndex
{
    // Leaves some room, so that the first keys that come later split nothing.
    private const int KeysPerMergedLeaf = KeyLeaf.MaxKeys * 7 / 8;

    /// <summary>Takes in all rows of some buckets and releases them. With a helper that, for an empty index, does half of it.</summary>
    internal void Merge(IReadOnlyList<KeyBucket> buckets, IBatchWorker worker)
    {
        if (Count == 0)
        {
            Build(buckets, worker);
            return;
        }
        var batch = new KeyBatch();
        foreach (var bucket in buckets)
        {
            batch.Sort(bucket);
            Merge(batch);
            bucket.Release();
        }
    }

    // Each bucket becomes leaves of its own, whoever comes to it first.
    private void Build(IReadOnlyList<KeyBucket> buckets, IBatchWorker worker)
    {
        var leaves = new List<KeyChild>[buckets.Count];
        var next = -1;
        worker.Begin(BuildLeaves);
        BuildLeaves();
        worker.Wait();
        List<KeyChild> all = [];
        foreach (var some in leaves)
            all.AddRange(some);
        _depth = 0;
        ReplaceChildren(-1, 1, all);

        void BuildLeaves()
        {
            var batch = new KeyBatch();
            var count = 0;
            for (var i = Interlocked.Increment(ref next); i < leaves.Length; i = Interlocked.Increment(ref next))
            {
                batch.Sort(buckets[i]);
                leaves[i] = batch.Count == 0 ? [] : Leaves(batch, buckets[i].Bound, ref count);
                buckets[i].Release();
            }
            Interlocked.Add(ref _count, count);
        }
    }

    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static List<KeyChild> Leaves(KeyBatch batch, byte[] separator, ref int keys)
    {
        var run = new LeafRun(separator, KeysPerMergedLeaf);
        for (var row = 0; row < batch.Count; keys++)
            run.Add(Combine(default, batch, ref row, batch.Count));
        return run.Complete();
    }

    private void Merge(KeyBatch batch)
    {
        for (var from = 0; from < batch.Count;)
        {
            var leaf = Descend(batch.KeyAt(from));
            var to = EndBelow(batch, from, UpperBound());
            Merge(leaf, batch, from, to);
            from = to;
        }
    }

    // The first row that does not belong into the leaf which ends before the bound.
    private static int EndBelow(KeyBatch batch, int from, byte[]? bound)
    {
        if (bound is null)
            return batch.Count;
        // Most often few rows, but possibly all: steps that double, then halve.
        var step = 1;
        while (from + step < batch.Count && batch.KeyAt(from + step).SequenceCompareTo(bound) < 0)
            step *= 2;
        var (low, high) = (from + (step / 2), Math.Min(from + step, batch.Count));
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (batch.KeyAt(middle).SequenceCompareTo(bound) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // What no key of the leaf on the path reaches; null for the last leaf.
    private byte[]? UpperBound()
    {
        for (var i = _depth - 1; i >= 0; i--)
        {
            if (_children[i] + 1 < _path[i].Count)
                return _path[i].Separator(_children[i] + 1);
        }
        return null;
    }

    private void Merge(KeyLeaf leaf, KeyBatch batch, int from, int to)
    {
        var before = leaf.Describe([]);
        var order = leaf.Order;
        var expected = order.Length + to - from;
        var target = expected <= KeyLeaf.MaxKeys ? KeyLeaf.MaxKeys : (int)Math.Ceiling(expected / Math.Ceiling((double)expected / KeysPerMergedLeaf));
        var run = new LeafRun(SeparatorOfLeaf(), target);
        var taken = 0;
        for (var row = from; row < to;)
        {
            var position = leaf.Search(order, batch.KeyAt(row));
            var until = position < 0 ? ~position : position;
            for (; taken < until; taken++)
                run.Add(leaf.EntryAt(taken));
            var existing = position >= 0 ? leaf.EntryAt(taken++) : default;
            if (position < 0)
                _count++;
            run.Add(Combine(existing, batch, ref row, to));
        }
        for (; taken < order.Length; taken++)
            run.Add(leaf.EntryAt(taken));

        var leaves = run.Complete();
        var (live, newest) = (-before.Live, 0L);
        foreach (var one in leaves)
            (live, newest) = (live + one.Live, Math.Max(newest, one.Newest));
        Note(newest, live);
        ReplaceChildren(_depth - 1, 1, leaves);
    }

    // One key's history: what is there, and then all rows of the batch that go on with it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static LeafEntry Combine(in LeafEntry existing, KeyBatch batch, ref int row, int to)
    {
        var key = batch.SegmentAt(row);
        var (state, older) = (existing.State, existing.Older);
        long lease;
        do
        {
            if (state.Main != 0)
                older = OlderRevisions.Append(older, state);
            state = batch.StateAt(row, out lease);
            row++;
        }
        while (row < to && batch.IsSameKey(row - 1, row));
        return new LeafEntry(ArraySegment<byte>.Empty, key, state, lease, older);
    }
}
