using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree.Space;

/// <summary>
/// Which pages of the file are taken, and the choice of pages for new content. Two sets are kept:
/// <list type="bullet">
/// <item><i>unused</i>: no page of the tree as it is now lives there. This is what a commit stores.</item>
/// <item><i>allocatable</i>: the part of it that nobody can reach any more, neither through the last completed commit nor through an open
/// snapshot. After a restart there is no snapshot, so all unused pages are allocatable.</item>
/// </list>
/// The difference are the pages that recent transactions replaced; they wait in <see cref="_waiting"/>.
/// </summary>
internal sealed partial class PageSpace(FreeMap map, long pageCount, int extentPages)
{
    // A search for a run looks at no more gaps than this before it takes pages at the end of the file: the work per allocation
    // stays bounded in a fragmented file, and the next search goes on where this one stopped.
    private const int MaxGapsPerSearch = 512;

    private readonly PageBitmap _unused = new();
    private readonly PageBitmap _allocatable = new();
    private readonly Queue<(long Txn, List<PageRun> Runs)> _waiting = new();
    private List<PageRun> _freedNow = [];

    // Where the next search for a run begins. Falls back to what is given up below it, so that runs stay at the front of the file, too.
    private long _runCursor = PageFormat.FirstDataPage;

    // The longest run known not to exist among the allocatable pages, plus one, while nothing was released since.
    private int _noRunOf = int.MaxValue;

    /// <summary>Pages from here on were never used.</summary>
    public long PageCount { get; private set; } = pageCount;

    public int ExtentPages => extentPages;

    public long UnusedPages => _unused.Count;

    public ulong UnusedWord(int index) => _unused.Word(index);

    /// <summary>While opening: a page that the stored free map calls unused.</summary>
    public void Load(long page)
    {
        _unused.Add(page);
        _allocatable.Add(page);
        _noRunOf = int.MaxValue;
    }

    /// <summary>One page, as far at the front of the file as possible.</summary>
    public long Allocate()
    {
        var page = _allocatable.Lowest();
        if (page < 0)
            return PageCount++;
        Take(page, 1);
        return page;
    }

    /// <summary>Consecutive pages within one extent.</summary>
    public long AllocateRun(int pages)
    {
        Invariant.Holds(pages > 0 && pages <= extentPages);
        if (pages == 1)
            return Allocate();
        var page = FindRun(pages);
        if (page >= 0)
        {
            Take(page, pages);
            return page;
        }

        var left = extentPages - (int)(PageCount % extentPages);
        if (left < pages)
        {
            // The rest of the extent is too short for this run but good for single pages.
            for (var i = 0; i < left; i++)
                MakeAllocatable(PageCount + i);
            PageCount += left;
            _noRunOf = int.MaxValue;
        }
        page = PageCount;
        PageCount += pages;
        return page;
    }

    /// <summary>Gives pages back that were allocated since the last seal: nobody else has seen them.</summary>
    public void FreeNow(long page, int pages)
    {
        for (var i = 0; i < pages; i++)
            MakeAllocatable(page + i);
        _noRunOf = int.MaxValue;
        _runCursor = Math.Min(_runCursor, page);
    }

    /// <summary>Gives pages up that an earlier transaction wrote: they wait until nobody can reach them.</summary>
    public void FreeLater(long page, int pages)
    {
        for (var i = 0; i < pages; i++)
            MarkUnused(page + i);
        _freedNow.Add(new PageRun(page, pages));
    }

    /// <summary>The running transaction ends here: what it gave up becomes allocatable by its number.</summary>
    public void Seal(long txn)
    {
        _spare.Add(_allocatable.Count);
        if (_freedNow.Count == 0)
            return;
        _waiting.Enqueue((txn, _freedNow));
        _freedNow = [];
    }

    /// <summary>
    /// Makes allocatable what transactions up to <paramref name="txn"/> gave up. The caller knows that they are durable and that no
    /// snapshot is older than the last of them.
    /// </summary>
    public void Release(long txn)
    {
        while (_waiting.TryPeek(out var freed) && freed.Txn <= txn)
        {
            foreach (var run in _waiting.Dequeue().Runs)
            {
                for (var i = 0; i < run.Pages; i++)
                    _allocatable.Add(run.Page + i);
                _runCursor = Math.Min(_runCursor, run.Page);
            }
            _noRunOf = int.MaxValue;
        }
    }

    private long FindRun(int pages)
    {
        if (pages >= _noRunOf || _allocatable.Count < pages)
            return -1;
        var wrapped = false;
        var start = _runCursor;
        var from = start;
        for (var gaps = 0; gaps < MaxGapsPerSearch; gaps++)
        {
            var first = _allocatable.NextIn(from);
            if (first < 0 || (wrapped && first >= start))
            {
                if (wrapped || start <= PageFormat.FirstDataPage)
                {
                    _noRunOf = pages;
                    _runCursor = PageFormat.FirstDataPage;
                    return -1;
                }
                wrapped = true;
                from = PageFormat.FirstDataPage;
                continue;
            }
            // A run ends at the extent's end at the latest.
            var limit = (first / extentPages + 1) * extentPages;
            var end = _allocatable.NextOut(first, limit);
            if (end - first >= pages)
            {
                _runCursor = first;
                return first;
            }
            from = end;
        }
        _runCursor = from;
        return -1;
    }

    private void Take(long page, int pages)
    {
        for (var i = 0; i < pages; i++)
        {
            _allocatable.Remove(page + i);
            _unused.Remove(page + i);
            map.Touch(page + i);
        }
    }

    private void MakeAllocatable(long page)
    {
        MarkUnused(page);
        _allocatable.Add(page);
    }

    private void MarkUnused(long page)
    {
        _unused.Add(page);
        map.Touch(page);
    }
}
