using Storage.Core.Tree.Pages;
using Storage.Core.Tree.Space;

namespace Storage.Core.Tree;

/// <summary>
/// The copy-on-write B+tree. A page that is on disk, or on its way there, is never changed: a change copies it to a new place, and
/// its parents with it, up to a new root, which the next meta page makes valid.
/// </summary>
/// <remarks>
/// <para>
/// One owner calls everything but <see cref="OpenSnapshot"/>. When <see cref="ITreeCommit.WriteTo"/> throws, it is not known what reached the
/// disk and this object must not be used any further: stop the process; the file opens at the last completed commit.
/// </para>
/// <para>A page's life: allocated and changed in memory (dirty) → sealed by <see cref="BeginCommit"/>, read from memory → written and completed, read
/// from the device → replaced by transaction n → free for new content once n is complete and no snapshot is older than n.</para>
/// </remarks>
public sealed partial class CopyOnWriteTree : ITree, ITreeSpace
{
    /// <summary>Longest key in bytes.</summary>
    public const int MaxKeyBytes = 1024;

    /// <summary>Longest value in bytes, as far as an extent of the device has room for it.</summary>
    public const int MaxValueBytes = 64 * 1024 * 1024;

    /// <summary>Longest head in bytes: a leaf still has room for several.</summary>
    public const int MaxHeadBytes = 512;

    // More levels than a file of any size needs: even keys of 1 KiB leave three children per branch.
    private const int MaxLevels = 32;

    // Neighbouring pages are gathered into one write of up to this size.
    private const int MaxStagingBytes = 1024 * 1024;

    private readonly IPageDevice _device;
    private readonly ISnapshotRegistry _registry;
    private readonly DevicePages _pages;
    private readonly PageSpace _space;
    private readonly FreeMap _freeMap;
    private readonly PageBufferPool _pool = new();
    private readonly TableRoot[] _tables = new TableRoot[MetaPage.MaxTables];

    // Grows with the largest commit seen. The commit under way owns it.
    private byte[] _staging = [];

    // What is not on disk yet, by its first page: the running transaction's buffers and those of the commit under way.
    private readonly Dictionary<long, PageBuffer> _memory = [];

    // The running transaction's buffers, in the order they were made.
    private readonly List<PageBuffer> _dirty = [];
    private long _dirtyPages;
    private bool _isChanged;

    // Page counts of the last commits, and of the last one sealed.
    private readonly RecentValues _lengths;
    private long _sealedPageCount;

    // Number of the running transaction: one above the last sealed one.
    private long _txn;
    private TreeCommit? _underWay;

    // The last completed commit. Written by the owner, read by any thread.
    private TreeState _published;

    private CopyOnWriteTree(IPageDevice device, ISnapshotRegistry registry, MetaPage meta)
    {
        _device = device;
        _registry = registry;
        _pages = new DevicePages(device);
        _pages.Cover(meta.PageCount);
        List<long> unused = [];
        _freeMap = FreeMap.Load(_pages, meta, unused.Add);
        _space = new PageSpace(_freeMap, meta.PageCount, meta.ExtentPages);
        foreach (var page in unused)
            _space.Load(page);
        for (var table = 0; table < MetaPage.MaxTables; table++)
            _tables[table].Root = meta.Roots[table];
        _lengths = new RecentValues(meta.PageCount);
        _sealedPageCount = meta.PageCount;
        _txn = meta.Txn + 1;
        _published = new TreeState(meta.Txn, meta.Roots);
    }

    /// <summary>Opens a file at its last commit; an empty one is formatted first.</summary>
    /// <exception cref="DataFileException">Not a file of ours, of a newer format, or both meta pages are damaged.</exception>
    /// <exception cref="PageCorruptException">The stored free map is damaged.</exception>
    public static CopyOnWriteTree Open(IPageDevice device, ISnapshotRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(registry);
        return new CopyOnWriteTree(device, registry, DataFile.Open(device));
    }

    /// <summary>The last commit of a file that no tree has open, read without writing anything.</summary>
    /// <exception cref="DataFileException">Not a file of ours, of a newer format, or both meta pages are damaged.</exception>
    public static ITreeSnapshot OpenUnused(IPageDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var meta = DataFile.FindNewest(device);
        var registry = new SingleThreadSnapshotRegistry();
        return new TreeSnapshot(new DevicePages(device), new TreeState(meta.Txn, meta.Roots), registry, registry.Enter(meta.Txn));
    }

    /// <summary>Number of the last completed commit.</summary>
    public long CommittedTxn => _published.Txn;

    /// <inheritdoc/>
    public long DirtyBytes => _dirtyPages * PageFormat.PageBytes;

    /// <inheritdoc/>
    public (long FileBytes, long InUseBytes) Size =>
        (_device.Length, (_space.PageCount - _space.UnusedPages) * PageFormat.PageBytes);

    /// <inheritdoc/>
    public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
        TreeLookup.TryGet(new Pages(this), _tables[table.Value].Root, table, key, out value);

    /// <inheritdoc/>
    public bool TryGetHead(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> head) =>
        TreeLookup.TryGetHead(new Pages(this), _tables[table.Value].Root, table, key, out head);

    /// <inheritdoc/>
    public ITreeSnapshot OpenSnapshot()
    {
        while (true)
        {
            var state = Volatile.Read(ref _published);
            var ticket = _registry.Enter(state.Txn);
            // Still the same: then whoever publishes the next one looks for readers after that, and finds this one. Not the same: its
            // pages may have been released already.
            if (ReferenceEquals(state, Volatile.Read(ref _published)))
                return new TreeSnapshot(_pages, state, _registry, ticket);
            _registry.Exit(ticket);
        }
    }

    private ReadOnlySpan<byte> Overflow(long page, int valueBytes, TableId table) =>
        _memory.TryGetValue(page, out var buffer)
            ? buffer.Bytes.AsSpan(PageFormat.HeaderBytes, valueBytes)
            : _pages.Overflow(page, valueBytes, table, _published.Txn);

    private ReadOnlySpan<byte> Node(long page, TableId table) =>
        _memory.TryGetValue(page, out var buffer) ? buffer.Bytes : _pages.Node(page, table, _published.Txn);

    /// <summary>The pages that the owner sees.</summary>
    private readonly struct Pages(CopyOnWriteTree tree) : IPageSource
    {
        public ReadOnlySpan<byte> Node(long page, TableId table) => tree.Node(page, table);

        public ReadOnlySpan<byte> Overflow(long page, int valueBytes, TableId table) => tree.Overflow(page, valueBytes, table);
    }

    private struct TableRoot
    {
        /// <summary>0: the table is empty.</summary>
        public long Root;

        /// <summary>The last leaf while it is dirty: keys that only grow go there without a descent. Null: not known.</summary>
        public PageBuffer? Tail;
    }
}
