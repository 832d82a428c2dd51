using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Moving what lives at the end of the file.</summary>
public sealed partial class CopyOnWriteTree
{
    /// <inheritdoc/>
    public ITreeSpace Space => this;

    /// <inheritdoc/>
    public bool IsTight { get; set; }

    /// <inheritdoc/>
    public bool WantsCommit => _space.HasSpare || new FileLength(_space.UsedEnd, IsTight).Shrunk(_device.Length) is not null;

    /// <inheritdoc/>
    public long UsedPages => _space.UsedEnd;

    /// <inheritdoc/>
    public ITailScan? BeginMoving() => _space.ChooseEnd(IsTight) is { } end ? BeginMoving(end) : null;

    /// <summary>Starts to empty the file from a page on.</summary>
    internal ITailScan BeginMoving(long end)
    {
        _freeMap.MoveFrom(end);
        _isChanged = true;
        return new TailScan(this, end);
    }

    /// <inheritdoc/>
    public void NoteStuck() => _space.NoteStuck();

    /// <inheritdoc/>
    public int Move(in LeafPlace place, long end)
    {
        if (!MustMove(place, end, out var levels))
            return 0;
        if (!_space.HasRoomBelow(end, levels))
            return -1;
        _isChanged = true;
        var before = _dirtyPages;
        Descend(place.Table, place.Key.Span);
        MoveRuns(place.Table, _path[_depth].Bytes, end);
        return (int)(_dirtyPages - before);
    }

    /// <summary>Whether a page that is on disk, or on its way there, has to move.</summary>
    private bool MustMove(in LeafPlace place, long end, out int levels)
    {
        levels = 0;
        var number = _tables[place.Table.Value].Root;
        if (number == 0)
            return false;
        var mustMove = false;
        while (true)
        {
            levels++;
            mustMove |= number >= end && !IsDirty(number);
            var page = Node(number, place.Table);
            if (PageFormat.Level(page) == 0)
                return mustMove || HasRunToMove(page, end);
            number = NodePage.Child(page, NodePage.ChildSlot(page, place.Key.Span));
        }
    }

    private bool HasRunToMove(ReadOnlySpan<byte> leaf, long end)
    {
        var count = NodePage.Count(leaf);
        for (var slot = 0; slot < count; slot++)
        {
            if (!NodePage.IsOverflow(leaf, slot))
                continue;
            var (page, valueBytes) = NodePage.OverflowReference(NodePage.Payload(leaf, slot));
            if (page + PageFormat.RunPages(valueBytes) > end && !IsDirty(page))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Runs go to the first gap before them that takes them, even behind the end wanted: where no gap before it is long enough, they close up behind it.
    /// </summary>
    private void MoveRuns(TableId table, Span<byte> leaf, long end)
    {
        var count = NodePage.Count(leaf);
        for (var slot = 0; slot < count; slot++)
        {
            if (!NodePage.IsOverflow(leaf, slot))
                continue;
            var (page, valueBytes) = NodePage.OverflowReference(NodePage.Payload(leaf, slot));
            var pages = PageFormat.RunPages(valueBytes);
            if (page + pages <= end || IsDirty(page) || _space.AllocateRunBefore(page, pages) is not (>= 0 and var target))
                continue;
            WriteOverflow(target, pages, Overflow(page, valueBytes, table));
            FreePages(page, pages);
            NodePage.WriteOverflowReference(NodeWriter.Payload(leaf, slot), target, valueBytes);
        }
    }

    private bool IsDirty(long page) => _memory.TryGetValue(page, out var buffer) && !buffer.IsSealed;
}
