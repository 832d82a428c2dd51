namespace Storage.Core.Tree.Pages;

/// <summary>Cuts a node in two around a cell that no longer fits.</summary>
internal static class NodeSplit
{
    /// <summary>
    /// How many cells, the new one counted at its place, stay left so that the halves differ least in bytes and both fit.
    /// </summary>
    public static int FindCut(ReadOnlySpan<byte> page, int newSlot, int newCellBytes)
    {
        var cells = NodePage.Count(page) + 1;
        var total = NodePage.UsedBytes(page) + newCellBytes;
        var best = 0;
        var bestDifference = int.MaxValue;
        var left = 0;
        for (var cut = 1; cut < cells; cut++)
        {
            left += BytesAt(page, cut - 1, newSlot, newCellBytes);
            var right = total - left;
            var difference = Math.Abs(left - right);
            if (left <= NodePage.Capacity && right <= NodePage.Capacity && difference < bestDifference)
                (best, bestDifference) = (cut, difference);
        }
        Invariant.Holds(best > 0);
        return best;
    }

    /// <summary>Deals the cells of <paramref name="left"/> and the new one out to the two pages.</summary>
    /// <param name="left">Keeps the first <paramref name="cut"/> cells.</param>
    /// <param name="right">A formatted, empty page of the same level.</param>
    /// <param name="cut">Cells that stay left, the new one counted.</param>
    /// <param name="newSlot">Place of the new cell before the cut.</param>
    /// <param name="key">Key of the new cell.</param>
    /// <param name="payload">Payload of the new cell.</param>
    /// <param name="isOverflow">Whether that payload refers to an overflow run.</param>
    /// <param name="separator">Gets the shortest key that parts the two; at least as long as any key.</param>
    /// <returns>Length of the separator.</returns>
    public static int Divide(
        Span<byte> left, Span<byte> right, int cut, int newSlot,
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, bool isOverflow, Span<byte> separator)
    {
        var isAppend = cut == newSlot && newSlot == NodePage.Count(left);
        if (isAppend)
        {
            // The left page stays as it is: the way of keys that only grow.
            var isLeaf = PageFormat.Level(left) == 0;
            var bytes = isLeaf ? NodePage.Key(left, newSlot - 1).CommonPrefixLength(key) + 1 : key.Length;
            key[..bytes].CopyTo(separator);
            Invariant.Holds(NodeWriter.TryInsert(right, 0, isLeaf ? key : default, payload, isOverflow));
            return bytes;
        }

        Span<byte> old = stackalloc byte[PageFormat.PageBytes];
        left.CopyTo(old);
        var level = PageFormat.Level(old);
        var cells = NodePage.Count(old) + 1;

        var rightKey = KeyAt(old, cut, newSlot, key);
        var leftKey = KeyAt(old, cut - 1, newSlot, key);
        // Between two leaves any key will do that is above the left one's last; between branches the key itself moves up.
        var separatorBytes = level == 0 ? leftKey.CommonPrefixLength(rightKey) + 1 : rightKey.Length;
        rightKey[..separatorBytes].CopyTo(separator);

        Refill(left, old, 0, cut, newSlot, key, payload, isOverflow, keepHeader: true);
        Refill(right, old, cut, cells, newSlot, key, payload, isOverflow, keepHeader: false);
        return separatorBytes;
    }

    private static void Refill(
        Span<byte> target, ReadOnlySpan<byte> old, int from, int to, int newSlot,
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, bool isOverflow, bool keepHeader)
    {
        var level = PageFormat.Level(old);
        if (keepHeader)
        {
            NodeWriter.Format(target, level);
            old[..PageFormat.LevelAt].CopyTo(target);
        }
        for (var cell = from; cell < to; cell++)
        {
            var slot = NodePage.Count(target);
            var cellKey = level > 0 && slot == 0 ? default : KeyAt(old, cell, newSlot, key);
            var source = cell < newSlot ? cell : cell - 1;
            Invariant.Holds(cell == newSlot
                ? NodeWriter.TryInsert(target, slot, cellKey, payload, isOverflow)
                : NodeWriter.TryInsert(target, slot, cellKey, NodePage.Payload(old, source), NodePage.IsOverflow(old, source)));
        }
    }

    private static ReadOnlySpan<byte> KeyAt(ReadOnlySpan<byte> old, int cell, int newSlot, ReadOnlySpan<byte> key) =>
        cell == newSlot ? key : NodePage.Key(old, cell < newSlot ? cell : cell - 1);

    private static int BytesAt(ReadOnlySpan<byte> page, int cell, int newSlot, int newCellBytes)
    {
        if (cell == newSlot)
            return newCellBytes;
        var slot = cell < newSlot ? cell : cell - 1;
        return NodePage.CellBytes(NodePage.Key(page, slot).Length, NodePage.PayloadRange(page, slot).Length);
    }
}
