namespace Storage.Core.Keys;

/// <summary>Laying a sorted batch into the index, for <see cref="KeyIndexLoader"/>.</summary>
public sealed partial class KeyIndex
{
    // Leaves some room, so that the first keys that come later split nothing.
    private const int KeysPerMergedLeaf = KeyLeaf.MaxKeys * 7 / 8;

    internal void Merge(KeyBatch batch)
    {
        for (var from = 0; from < batch.Count;)
        {
            batch.Approach(from);
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
                Count++;
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
    private static LeafEntry Combine(in LeafEntry existing, KeyBatch batch, ref int row, int to)
    {
        var key = batch.SegmentAt(row);
        var (state, older) = (existing.State, existing.Older);
        long lease;
        do
        {
            if (state.Main != 0)
                older = OlderRevisions.Append(older, state);
            batch.Approach(row);
            (state, lease) = (batch.StateAt(row), batch.LeaseAt(row));
            row++;
        }
        while (row < to && batch.IsSameKey(row - 1, row));
        return new LeafEntry(ArraySegment<byte>.Empty, key, state, lease, older);
    }
}
