using System.Numerics;
using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Sealing, publishing, releasing.</summary>
public sealed partial class CopyOnWriteTree
{
    /// <inheritdoc/>
    public ITreeCommit? BeginCommit()
    {
        Invariant.Holds(_underWay is null);
        if (!_isChanged && !WantsCommit)
            return null;
        ReleasePages();

        List<PageBuffer> pages = new(_dirty.Count + 4);
        List<PageBuffer> dropped = [];
        foreach (var buffer in _dirty)
        {
            buffer.IsSealed = true;
            (buffer.IsDropped ? dropped : pages).Add(buffer);
        }
        _space.CutEnd();
        _freeMap.Seal(_space, _txn, _pool, pages);
        _space.Seal(_txn);
        _pages.Cover(_space.PageCount);
        foreach (ref var table in _tables.AsSpan())
            table.Tail = null;
        _nearLeaf = null;

        var meta = new MetaPage
        {
            Txn = _txn,
            PageCount = _space.PageCount,
            UnusedPages = _space.UnusedPages,
            ExtentPages = _space.ExtentPages,
            Roots = Array.ConvertAll(_tables, static table => table.Root),
            Directories = _freeMap.Directories,
        };
        GrowStaging(pages);
        _dirty.Clear();
        _dirtyPages = 0;
        _isChanged = false;
        _txn++;
        // The other meta page is the last commit's: the file must hold what either of them needs.
        _lengths.Add(meta.PageCount);
        var kept = IsTight ? Math.Max(meta.PageCount, _sealedPageCount) : _lengths.Highest;
        _sealedPageCount = meta.PageCount;
        _underWay = new TreeCommit(meta, pages, dropped, new FileLength(kept, IsTight), _staging);
        return _underWay;
    }

    /// <inheritdoc/>
    public void CompleteCommit(ITreeCommit commit)
    {
        Invariant.Holds(_underWay is not null && ReferenceEquals(commit, _underWay) && _underWay.IsWritten);
        Volatile.Write(ref _published, new TreeState(_underWay.Meta.Txn, _underWay.Meta.Roots));
        foreach (var buffer in _underWay.Pages)
        {
            // From here on the device has it. The free map's pages are never in the dictionary.
            _memory.Remove(buffer.Page);
            _pool.Return(buffer);
        }
        foreach (var buffer in _underWay.Dropped)
            _pool.Return(buffer);
        _underWay = null;
        ReleasePages();
    }

    private void GrowStaging(List<PageBuffer> pages)
    {
        var bytes = PageFormat.PageBytes;
        foreach (var buffer in pages)
            bytes = Math.Min(MaxStagingBytes, bytes + buffer.Bytes.Length);
        if (_staging.Length < bytes)
            _staging = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)bytes));
    }

    private void ReleasePages() => _space.Release(Math.Min(_published.Txn, _registry.FindOldest()));
}
