using System.Buffers.Binary;
using Storage.Core.Tree;
using Storage.Core.Tree.Pages;

namespace Storage.Tree.Tests;

/// <summary>
/// Damage is told, never served (I11). Method: a small file with every kind of page in it; each byte of each page is damaged in turn.
/// </summary>
public sealed class CorruptionTests
{
    private const int PageBytes = PageFormat.PageBytes;

    private readonly SimulatedDisk _disk = new(256 * 1024);
    private readonly TreeModel _current = new();
    private readonly TreeModel _previous;

    public CorruptionTests()
    {
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        var workload = new Workload(new Random(7), keySpace: 12, maxValueBytes: 6000);
        workload.Change(tree, _current, 10);
        Put(tree, TableId.Meta, "large"u8, 6000);
        for (var i = 0; i < 10; i++)
            Put(tree, TableId.Meta, [(byte)i, 1], 600);
        tree.Commit(_disk);
        _previous = _current.Clone();
        workload.Change(tree, _current, 10);
        tree.Commit(_disk);
        Assert.Empty(TreeCheck.Run(_disk));
    }

    private void Put(CopyOnWriteTree tree, TableId table, ReadOnlySpan<byte> key, int valueBytes)
    {
        tree.Put(table, key, new byte[valueBytes], TreeModel.HeadOf(new byte[valueBytes]));
        _current[table][key.ToArray()] = new byte[valueBytes];
    }

    [Fact]
    public void FindFault_AnyBitOfAPageDamaged_IsNotNull()
    {
        var page = _disk.Read(FindPage(PageType.Leaf) * PageBytes, PageBytes).ToArray();
        var number = BinaryPrimitives.ReadInt64LittleEndian(page.AsSpan(8));
        Assert.Null(PageFormat.FindFault(page, number, long.MaxValue));
        for (var bit = 0; bit < PageBytes * 8; bit++)
        {
            page[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(PageFormat.FindFault(page, number, long.MaxValue));
            page[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Read_AnyByteDamaged_IsToldOrHarmless()
    {
        var random = new Random(1);
        var unused = UnusedPages();
        HashSet<PageType> damaged = [];
        for (var page = 0L; page < PageCount(); page++)
        {
            var isUnused = unused.Contains(page);
            if (!isUnused)
                damaged.Add(PageFormat.Type(_disk.Read(page * PageBytes, PageBytes)));
            // Every byte of a page's header and of the meta pages; of the rest every seventh, others on each page.
            for (var at = 0; at < PageBytes; at += page <= 1 || at < 64 + page % 7 ? 1 : 7)
            {
                var bit = random.Next(8);
                _disk.FlipBit(page * PageBytes + at, bit);
                AssertToldByCheck(page, at, isUnused);
                AssertNotServed(page, at, isUnused);
                _disk.FlipBit(page * PageBytes + at, bit);
            }
        }
        Assert.Superset(
            new HashSet<PageType> { PageType.Meta, PageType.Branch, PageType.Leaf, PageType.Overflow, PageType.FreeMap, PageType.FreeDirectory }, damaged);
    }

    [Fact]
    public void Snapshot_PageDamaged_ThrowsNamingPageAndTable()
    {
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        var page = FindPage(PageType.Overflow);
        _disk.FlipBit(page * PageBytes + 2000, 3);
        using var snapshot = tree.OpenSnapshot();
        var failure = Assert.Throws<PageCorruptException>(() => ReadAll(snapshot));
        Assert.Equal(page, failure.Page);
        Assert.Contains("checksum", failure.Message, StringComparison.Ordinal);
        Assert.Contains("table", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Owner_PageDamaged_ThrowsAndKeepsWorkingElsewhere()
    {
        var page = FindPage(PageType.Overflow);
        _disk.FlipBit(page * PageBytes + 2000, 3);
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        Assert.Throws<PageCorruptException>(() => _current.AssertEqual((ITree)tree));
        tree.Put(TableId.Leases, "k"u8, "v"u8);
        Assert.True(tree.TryGet(TableId.Leases, "k"u8, out _));
    }

    [Fact]
    public void Read_PageCheckedThenReusedThenDamaged_IsCheckedAgain()
    {
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        for (var round = 0; round < 20; round++)
        {
            // Each round reads every page, so that all are known as good, then moves the value to pages that were used before.
            tree.Put(TableId.Meta, "large"u8, new byte[6000]);
            tree.Commit(_disk);
            using var snapshot = tree.OpenSnapshot();
            ReadAll(snapshot);
        }
        tree.Put(TableId.Meta, "large"u8, new byte[6000]);
        tree.Commit(_disk);
        var page = FindPage(PageType.Overflow, static bytes => PageFormat.Txn(bytes) > 20);
        _disk.FlipBit(page * PageBytes + 1000, 1);
        using var last = tree.OpenSnapshot();
        Assert.Equal(page, Assert.Throws<PageCorruptException>(() => last.TryGet(TableId.Meta, "large"u8, out _)).Page);
    }

    [Fact]
    public void Read_PageWrittenToAnotherPlace_IsTold()
    {
        // A misdirected write: a valid page, checksum and all, where another belongs.
        var leaf = FindPage(PageType.Leaf);
        var other = FindPage(PageType.Overflow);
        _disk.Write(leaf * PageBytes, _disk.Read(other * PageBytes, PageBytes).ToArray());
        Assert.Contains(TreeCheck.Run(_disk), finding => finding.Page == leaf && finding.IsDamage);
        using var snapshot = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()).OpenSnapshot();
        Assert.Throws<PageCorruptException>(() => ReadAll(snapshot));
    }

    [Fact]
    public void Read_PageOfALaterCommit_IsTold()
    {
        // The newest meta page is lost after later commits reused pages of the one before: what is reached is no commit any more.
        var leaf = FindPage(PageType.Leaf);
        Resign(leaf, page => PageFormat.SetOwner(page, leaf, 99));
        Assert.Contains(TreeCheck.Run(_disk), finding => finding.Page == leaf && finding.IsDamage);
    }

    [Fact]
    public void Open_BothMetaPagesDamaged_SaysSo()
    {
        _disk.FlipBit(100, 0);
        _disk.FlipBit(PageBytes + 100, 0);
        var failure = Assert.Throws<DataFileException>(() => CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()));
        Assert.Contains("both meta pages", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_BothMetaPagesBlankedOut_IsNotTakenForAnEmptyFile()
    {
        _disk.Write(0, new byte[2 * PageBytes]);
        Assert.Throws<DataFileException>(() => CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()));
    }

    [Fact]
    public void Open_ForeignFile_SaysSo()
    {
        var disk = new SimulatedDisk(256 * 1024);
        disk.SetLength(64 * 1024);
        var noise = new byte[64 * 1024];
        new Random(1).NextBytes(noise);
        disk.Write(0, noise);
        var failure = Assert.Throws<DataFileException>(() => CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry()));
        Assert.Contains("not a data file", failure.Message, StringComparison.Ordinal);
        Assert.Equal(noise, disk.Read(0, noise.Length).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Open_NewerFormat_SaysSo(long slot)
    {
        Resign(slot, static page => BinaryPrimitives.WriteUInt32LittleEndian(page[40..], MetaPage.FormatVersion + 1));
        var failure = Assert.Throws<DataFileException>(() => CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()));
        Assert.Contains("newer version", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FormatVersion1_IsReadAndWrittenAsTheNewestFromTheNextCommitOn()
    {
        for (var slot = 0; slot < 2; slot++)
            Resign(slot, static page => BinaryPrimitives.WriteUInt32LittleEndian(page[40..], 1));
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        _current.AssertEqual((ITree)tree);
        Assert.Equal([1u, 1u], Versions());
        tree.Put(TableId.Meta, "large"u8, new byte[6000]);
        tree.Commit(_disk);
        Assert.Contains(MetaPage.FormatVersion, Versions());
        Assert.Empty(TreeCheck.Run(_disk));

        uint[] Versions() => [.. new long[] { 0, 1 }.Select(slot => BinaryPrimitives.ReadUInt32LittleEndian(_disk.Read((slot * PageBytes) + 40, 4)))];
    }

    [Fact]
    public void Open_FileCutShort_SaysSo()
    {
        _disk.SetLength(3 * PageBytes);
        var failure = Assert.Throws<DataFileException>(() => CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()));
        Assert.Contains("cut short", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_PageNeitherUsedNorFree_IsLost()
    {
        var map = FindPage(PageType.FreeMap);
        var unused = LowestUnused(map);
        Resign(map, page => page[PageFormat.HeaderBytes + (int)unused / 8] &= (byte)~(1 << ((int)unused % 8)));
        Assert.Contains(TreeCheck.Run(_disk), finding => finding.Page == unused && finding.What.Contains("lost", StringComparison.Ordinal));
    }

    [Fact]
    public void Check_UsedPageCalledUnused_IsFound()
    {
        var map = FindPage(PageType.FreeMap);
        var leaf = FindPage(PageType.Leaf);
        Resign(map, page => page[PageFormat.HeaderBytes + (int)leaf / 8] |= (byte)(1 << ((int)leaf % 8)));
        Assert.Contains(TreeCheck.Run(_disk), finding => finding.Page == leaf && finding.What.Contains("unused", StringComparison.Ordinal));
    }

    [Fact]
    public void Check_KeysOutOfOrder_IsFound()
    {
        var leaf = FindPage(PageType.Leaf, static page => NodePage.Count(page) > 1);
        Resign(leaf, static page =>
        {
            var slots = page.Slice(PageFormat.HeaderBytes, 4);
            (slots[0], slots[1], slots[2], slots[3]) = (slots[2], slots[3], slots[0], slots[1]);
        });
        Assert.Contains(TreeCheck.Run(_disk), finding => finding.Page == leaf && finding.What.Contains("not above", StringComparison.Ordinal));
    }

    [Fact]
    public void Check_PageReachedTwice_IsFound()
    {
        var branch = FindPage(PageType.Branch);
        Resign(branch, static page => NodeWriter.SetChild(page, 1, NodePage.Child(page, 0)));
        Assert.Contains(TreeCheck.Run(_disk), static finding => finding.What.Contains("used twice", StringComparison.Ordinal));
    }

    private delegate void PageEdit(Span<byte> page);

    private void AssertToldByCheck(long page, int at, bool isUnused)
    {
        var findings = TreeCheck.Run(_disk);
        Assert.True(isUnused ? findings.Count == 0 : findings.Count > 0, $"byte {at} of page {page}: {findings.Count} findings");
    }

    /// <summary>Reading ends in an exception, or gives a commit whole; the one before the last only when the last meta page is the damaged one.</summary>
    private void AssertNotServed(long page, int at, bool isUnused)
    {
        try
        {
            using var snapshot = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()).OpenSnapshot();
            (page == NewestSlot ? _previous : _current).AssertEqual(snapshot);
        }
        catch (PageCorruptException) when (!isUnused && page > 1)
        {
            return;
        }
        Assert.True(isUnused || page <= 1, $"byte {at} of page {page} was served");
    }

    // Commits 0 and 1 formatted the file, 2 and 3 followed.
    private const long NewestSlot = 3 & 1;

    private long PageCount() => DataFile.FindNewest(_disk).PageCount;

    private HashSet<long> UnusedPages()
    {
        var map = _disk.Read(FindPage(PageType.FreeMap) * PageBytes, PageBytes)[PageFormat.HeaderBytes..];
        HashSet<long> unused = [];
        for (var page = 0; page < PageCount(); page++)
            if ((map[page / 8] & (1 << (page % 8))) != 0)
                unused.Add(page);
        return unused;
    }

    private static void ReadAll(ITreeSnapshot snapshot)
    {
        foreach (var table in TreeModel.Tables)
            for (var cursor = snapshot.Seek(table, []); cursor.MoveNext();)
                _ = cursor.Value.Length;
    }

    /// <summary>A page in use by the last commit.</summary>
    private long FindPage(PageType type, Func<byte[], bool>? condition = null)
    {
        // In use is what the check complains about when it is damaged.
        for (var page = PageCount() - 1; page >= PageFormat.FirstDataPage; page--)
        {
            var bytes = _disk.Read(page * PageBytes, PageBytes).ToArray();
            if (PageFormat.Type(bytes) != type || condition?.Invoke(bytes) == false)
                continue;
            _disk.FlipBit(page * PageBytes, 0);
            var isUsed = TreeCheck.Run(_disk).Any(finding => finding.Page == page);
            _disk.FlipBit(page * PageBytes, 0);
            if (isUsed)
                return page;
        }
        throw new InvalidOperationException($"the file has no {type}");
    }

    private long LowestUnused(long map)
    {
        var bits = _disk.Read(map * PageBytes, PageBytes)[PageFormat.HeaderBytes..];
        var at = bits.IndexOfAnyExcept((byte)0);
        return at * 8L + System.Numerics.BitOperations.TrailingZeroCount(bits[at]);
    }

    /// <summary>Changes a page and gives it a valid checksum, as an error of ours would.</summary>
    private void Resign(long page, PageEdit edit)
    {
        var bytes = _disk.Read(page * PageBytes, PageBytes).ToArray();
        edit(bytes);
        PageFormat.WriteChecksum(bytes);
        _disk.Write(page * PageBytes, bytes);
    }
}
