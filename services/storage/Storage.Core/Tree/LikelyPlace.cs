using Storage.Core.Keys;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>
/// Where a key likely lies in a page, if the keys between the page's bounds are spread evenly: revisions are numbers that follow each other. A good guess saves most
/// of a search, each step of which may have to wait for memory; a bad one costs a few.
/// </summary>
internal ref struct LikelyPlace(ReadOnlySpan<byte> key)
{
    // More revisions than a leaf has room for.
    private const int MaxLeafKeys = 160;

    // What cells take of a full branch of revisions, besides their slots, and how much of it a search looks at.
    private const int BranchCellsBytes = NodePage.Capacity * 15 / 16, BranchWindowBytes = 128;

    // By their first eight bytes: the key, and the bounds of the page that the descent has reached.
    private readonly ulong _key = KeyHead.Of(key);
    private ulong _low = ulong.MinValue;
    private ulong _high = ulong.MaxValue;

    /// <summary>The likely slot in a page of so many.</summary>
    public readonly int Slot(int count)
    {
        if (_key <= _low || _low >= _high)
            return 0;
        var share = (double)(_key - _low) / (_high - _low);
        return Math.Min((int)(share * count), count - 1);
    }

    /// <summary>
    /// Where the cell of the key likely lies in the page, without looking at it: if every number between the bounds has a key, and their cells fill the page from its end
    /// down. Of a branch, which has so many bounds that only some numbers have one, where a search begins.
    /// </summary>
    public readonly ReadOnlySpan<byte> Cell(ReadOnlySpan<byte> page)
    {
        if (_key < _low || _key >= _high)
            return default;
        var (numbers, before) = (_high - _low, _key - _low);
        if (numbers > MaxLeafKeys)
        {
            var from = PageFormat.PageBytes - (int)((double)before / numbers * BranchCellsBytes) - BranchWindowBytes;
            return page.Slice(Math.Max(0, from), BranchWindowBytes);
        }
        var cellBytes = NodePage.Capacity / (int)numbers;
        return page.Slice(PageFormat.PageBytes - (((int)before + 1) * cellBytes), cellBytes);
    }

    /// <summary>The descent goes on to the child of a slot.</summary>
    public void Enter(ReadOnlySpan<byte> branch, int slot)
    {
        if (slot > 0)
            _low = KeyHead.Of(NodePage.Key(branch, slot));
        if (slot + 1 < NodePage.Count(branch))
            _high = KeyHead.Of(NodePage.Key(branch, slot + 1));
    }
}
