using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree.Space;

/// <summary>What the file can do without, and emptying its end.</summary>
internal sealed partial class PageSpace
{
    /// <summary>Less spare space than this (4 MiB) is not worth the moves.</summary>
    public const long MinSparePages = 1024;

    // A quarter of the file must have been spare for some commits before pages are moved, and an eighth of that is left: a file whose content comes and
    // goes keeps what it needs for that.
    private const int SpareShareToReturn = 4;
    private const int SpareShareToKeep = 8;

    // When as much as possible is to go: room for the copies that the moves themselves make between two commits.
    private const long MinRoomPages = 64;
    private const int RoomShare = 64;

    // A move looks at no more gaps than this for a run.
    private const int MaxGapsPerMove = 4096;

    // Allocatable pages left over by each transaction.
    private readonly RecentValues _spare = new(0);

    // Spare pages that the last try could not return, see NoteStuck.
    private long _stuck;

    /// <summary>The end of the file as it would be without the allocatable pages there.</summary>
    public long UsedEnd => _allocatable.LastOut(PageCount) + 1;

    /// <summary>So many pages are spare that it pays to return them, if that lasts.</summary>
    public bool HasSpare => IsWorthwhile(_allocatable.Count);

    /// <summary>Where the file should end; null when it is good as it is.</summary>
    /// <param name="isTight">Return whatever can be returned, not only what has been spare for some time.</param>
    public long? ChooseEnd(bool isTight)
    {
        var spare = _spare.Lowest;
        var taken = PageCount - _allocatable.Count;
        if (!isTight && !IsWorthwhile(spare))
            return null;
        var end = isTight ? taken + Math.Max(MinRoomPages, taken / RoomShare) : PageCount - (spare - spare / SpareShareToKeep);
        return end < UsedEnd ? end : null;
    }

    /// <summary>What is spare now could not be returned: no further try before it has become a quarter more.</summary>
    public void NoteStuck() => _stuck = _allocatable.Count;

    /// <summary>Cuts the allocatable pages at the end off: from here on they count as never used.</summary>
    public void CutEnd()
    {
        var end = UsedEnd;
        if (end == PageCount)
            return;
        _spare.Lower(PageCount - end);
        _stuck = Math.Max(0, _stuck - (PageCount - end));
        // The map that the new end lies in loses bits; those behind it go whole.
        if (end % FreeMap.PagesPerMap != 0)
            map.Touch(end);
        _unused.RemoveRange(end, PageCount);
        _allocatable.RemoveRange(end, PageCount);
        PageCount = end;
        _runCursor = Math.Min(_runCursor, end);
        map.Cut(this, end);
    }

    /// <summary>Whether there are so many allocatable pages below a page.</summary>
    public bool HasRoomBelow(long limit, int pages)
    {
        var from = PageFormat.FirstDataPage;
        for (; pages > 0; pages--)
        {
            var page = _allocatable.NextIn(from);
            if (page < 0 || page >= limit)
                return false;
            from = page + 1;
        }
        return true;
    }

    /// <summary>The first gap that a run fits into, if that lies wholly before a page; -1 when there is none.</summary>
    public long AllocateRunBefore(long limit, int pages)
    {
        var from = PageFormat.FirstDataPage;
        for (var gaps = 0; gaps < MaxGapsPerMove; gaps++)
        {
            var first = _allocatable.NextIn(from);
            if (first < 0 || first + pages > limit)
                return -1;
            var end = _allocatable.NextOut(first, (first / extentPages + 1) * extentPages);
            if (end - first >= pages)
            {
                Take(first, pages);
                return first;
            }
            from = end;
        }
        return -1;
    }

    private bool IsWorthwhile(long spare) =>
        spare >= Math.Max(MinSparePages, PageCount / SpareShareToReturn) && spare >= _stuck + _stuck / SpareShareToReturn;
}
