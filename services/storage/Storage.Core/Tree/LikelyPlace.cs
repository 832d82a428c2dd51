using Storage.Core.Keys;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>
/// Where a key likely lies in a page, if the keys between the page's bounds are spread evenly: revisions are numbers that follow each other. A good guess saves most
/// of a search, each step of which may have to wait for memory; a bad one costs a few.
/// </summary>
internal ref struct LikelyPlace(ReadOnlySpan<byte> key)
{
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

    /// <summary>The descent goes on to the child of a slot.</summary>
    public void Enter(ReadOnlySpan<byte> branch, int slot)
    {
        if (slot > 0)
            _low = KeyHead.Of(NodePage.Key(branch, slot));
        if (slot + 1 < NodePage.Count(branch))
            _high = KeyHead.Of(NodePage.Key(branch, slot + 1));
    }
}
