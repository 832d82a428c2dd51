using System.Buffers.Binary;
using Storage.Core.Tree;
using Storage.Core.Tree.Pages;

namespace Storage.Tree.Tests;

/// <summary>The rules of the tree one by one, where a model test would leave open which one broke.</summary>
public sealed class CopyOnWriteTreeTests
{
    private const int ExtentBytes = 8 * 1024 * 1024;

    private readonly SimulatedDisk _disk = new(ExtentBytes);
    private readonly SingleThreadSnapshotRegistry _registry = new();
    private readonly CopyOnWriteTree _tree;

    public CopyOnWriteTreeTests() => _tree = CopyOnWriteTree.Open(_disk, _registry);

    [Fact]
    public void BeginCommit_NothingChanged_ReturnsNull()
    {
        Assert.Null(_tree.BeginCommit());
        Assert.False(_tree.Delete(TableId.Meta, "absent"u8));
        Assert.Null(_tree.BeginCommit());
        Assert.Equal(0, _tree.DirtyBytes);
    }

    [Fact]
    public void BeginCommit_LastKeyDeleted_CommitsTheEmptyTable()
    {
        _tree.Put(TableId.Meta, "k"u8, "v"u8);
        _tree.Commit(_disk);
        Assert.True(_tree.Delete(TableId.Meta, "k"u8));
        _tree.Commit(_disk);
        using var snapshot = CopyOnWriteTree.Open(_disk, _registry).OpenSnapshot();
        Assert.False(snapshot.TryGet(TableId.Meta, "k"u8, out _));
        Assert.False(snapshot.Seek(TableId.Meta, []).MoveNext());
    }

    [Fact]
    public void OpenSnapshot_ChangesNotCommitted_DoesNotSeeThem()
    {
        _tree.Put(TableId.Meta, "k"u8, "v"u8);
        var commit = _tree.BeginCommit()!;
        using (var before = _tree.OpenSnapshot())
            Assert.False(before.TryGet(TableId.Meta, "k"u8, out _));
        commit.WriteTo(_disk);
        _tree.CompleteCommit(commit);
        using var after = _tree.OpenSnapshot();
        Assert.True(after.TryGet(TableId.Meta, "k"u8, out var value));
        Assert.Equal("v"u8, value);
    }

    [Fact]
    public void CompleteCommit_NotWritten_IsRefused()
    {
        _tree.Put(TableId.Meta, "k"u8, "v"u8);
        var commit = _tree.BeginCommit()!;
        Assert.ThrowsAny<Exception>(() => _tree.CompleteCommit(commit));
    }

    [Fact]
    public void WriteTo_EveryCall_SyncsPagesBeforeMetaAndMetaBeforeReturn()
    {
        _tree.Put(TableId.Meta, "k"u8, "v"u8);
        var commit = _tree.BeginCommit()!;
        var before = _disk.Log.Count;
        commit.WriteTo(_disk);
        var calls = _disk.Log.Skip(before).Where(static call => call.IsWrite || call.IsSync).ToList();
        Assert.True(calls[^1].IsSync);
        Assert.True(calls[^2].IsWrite && calls[^2].Offset < 8192);
        Assert.True(calls[^3].IsSync);
        Assert.All(calls[..^3], static call => Assert.True(call.IsWrite && call.Offset >= 8192));
    }

    [Fact]
    public void WriteTo_EveryPage_CarriesItsNumberAndThatOfTheCommit()
    {
        // What tells a page that was reused from the one that an old root means.
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 300; i++)
                _tree.Put(TableId.V2Nodes, Key(i * 7 + round), new byte[100]);
            var before = _disk.Log.Count;
            _tree.Commit(_disk);
            foreach (var call in _disk.Log.Skip(before).Where(static call => call.IsWrite))
                for (var at = 0; at < call.Data!.Length; at += PageFormat.PageBytes)
                {
                    var page = call.Data.AsSpan(at, PageFormat.PageBytes);
                    Assert.Null(PageFormat.FindFault(page, (call.Offset + at) / PageFormat.PageBytes, _tree.CommittedTxn));
                    Assert.Equal(_tree.CommittedTxn, PageFormat.Txn(page));
                }
        }
    }

    [Fact]
    public void Open_ExistingFile_SyncsItsMetaPageBeforeAnythingElse()
    {
        // Who wrote it may have died before its sync, or after a failed one: the file must not depend on that page while the other is overwritten.
        _tree.Put(TableId.Meta, "k"u8, "v"u8);
        _tree.Commit(_disk);
        var before = _disk.Log.Count;
        CopyOnWriteTree.Open(_disk, _registry);
        var calls = _disk.Log.Skip(before).ToList();
        Assert.Equal(2, calls.Count);
        Assert.Equal((_tree.CommittedTxn & 1) * 4096, calls[0].Offset);
        Assert.True(calls[0].IsWrite && calls[1].IsSync);
    }

    [Fact]
    public void WriteTo_DiskFailsAtAnyCall_FileOpensAtACommit()
    {
        _tree.Put(TableId.Meta, "k"u8, "1"u8);
        _tree.Commit(_disk);
        for (var failAt = 0; ; failAt++)
        {
            var disk = new SimulatedDisk(_disk);
            var tree = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry());
            tree.Put(TableId.Meta, "k"u8, "2"u8);
            var commit = tree.BeginCommit()!;
            var calls = 0;
            var isMetaWritten = false;
            disk.Intercept = call =>
            {
                if (calls++ == failAt)
                    throw new IOException("disk failed");
                isMetaWritten |= call.IsWrite && call.Offset < 8192;
            };
            var failure = Record.Exception(() => commit.WriteTo(disk));
            disk.Intercept = null;
            using var snapshot = CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry()).OpenSnapshot();
            Assert.True(snapshot.TryGet(TableId.Meta, "k"u8, out var value));
            Assert.Equal(isMetaWritten ? "2"u8 : "1"u8, value);
            if (failure is null)
                break;
            Assert.IsType<IOException>(failure);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2008)]
    [InlineData(2009)]
    [InlineData(2010)]
    [InlineData(2011)]
    [InlineData(2024)]
    [InlineData(2025)]
    [InlineData(4063)]
    [InlineData(4064)]
    [InlineData(4065)]
    [InlineData(8160)]
    [InlineData(8161)]
    [InlineData(100_000)]
    [InlineData(1_048_576)]
    [InlineData(5 * 1024 * 1024)]
    public void Put_ValueOfAnyLength_ComesBackFromMemoryDiskAndReopening(int length)
    {
        var value = new byte[length];
        new Random(length).NextBytes(value);
        _tree.Put(TableId.Revisions, "before"u8, "b"u8);
        _tree.Put(TableId.Revisions, "value"u8, value);
        Assert.True(_tree.TryGet(TableId.Revisions, "value"u8, out var fromMemory));
        Assert.Equal(value.AsSpan(), fromMemory);
        _tree.Commit(_disk);
        Assert.True(_tree.TryGet(TableId.Revisions, "value"u8, out var fromDisk));
        Assert.Equal(value.AsSpan(), fromDisk);
        Assert.Empty(TreeCheck.Run(_disk));

        var reopened = CopyOnWriteTree.Open(_disk, _registry);
        using (var snapshot = reopened.OpenSnapshot())
        {
            Assert.True(snapshot.TryGet(TableId.Revisions, "value"u8, out var fromReopened));
            Assert.Equal(value.AsSpan(), fromReopened);
        }
        reopened.Put(TableId.Revisions, "value"u8, "short"u8);
        reopened.Commit(_disk);
        Assert.Empty(TreeCheck.Run(_disk));
    }

    [Fact]
    public void Head_OfALongValue_IsReadWithoutTheValueAndGoesWithItsRow()
    {
        var value = new byte[20_000];
        new Random(1).NextBytes(value);
        var head = value[..CopyOnWriteTree.MaxHeadBytes];
        _tree.Put(TableId.Revisions, "long"u8, value, head);
        _tree.Put(TableId.Revisions, "plain"u8, value);
        _tree.Put(TableId.Revisions, "short"u8, "v"u8, head);
        _tree.Commit(_disk);
        Assert.Empty(TreeCheck.Run(_disk));
        Assert.Equal(value.AsSpan(), Row("long", isHead: false));
        Assert.Equal(value.AsSpan(), Row("plain", isHead: true));
        Assert.Equal("v"u8, Row("short", isHead: true));
        // Moved with another change of its leaf, and then in the place of another value.
        _tree.Put(TableId.Revisions, "more"u8, "v"u8);
        _tree.Commit(_disk);
        Assert.Equal(head.AsSpan(), Row("long", isHead: true));
        _tree.Put(TableId.Revisions, "long"u8, value, "other"u8);
        _tree.Commit(_disk);
        Assert.Equal("other"u8, Row("long", isHead: true));

        var run = FindPage(PageType.Overflow);
        foreach (var page in run)
            _disk.FlipBit((page * PageFormat.PageBytes) + 5_000, 1);
        Assert.Equal("other"u8, Row("long", isHead: true));
        Assert.Throws<PageCorruptException>(() => { _ = Row("long", isHead: false); });

        ReadOnlySpan<byte> Row(string key, bool isHead)
        {
            var snapshot = CopyOnWriteTree.OpenUnused(_disk);
            var cursor = snapshot.Seek(TableId.Revisions, System.Text.Encoding.UTF8.GetBytes(key));
            Assert.True(cursor.MoveNext());
            return isHead ? cursor.Head : cursor.Value;
        }

        List<long> FindPage(PageType type)
        {
            List<long> pages = [];
            for (var page = PageFormat.FirstDataPage; page < _disk.Length / PageFormat.PageBytes; page++)
                if (PageFormat.Type(_disk.Read(page * PageFormat.PageBytes, PageFormat.PageBytes)) == type && PageFormat.FindFault(
                    _disk.Read(page * PageFormat.PageBytes, (int)PageFormat.Extra(_disk.Read(page * PageFormat.PageBytes, PageFormat.PageBytes)) * PageFormat.PageBytes), page, long.MaxValue) is null)
                    pages.Add(page);
            return pages;
        }
    }

    [Fact]
    public void Put_LimitsExceeded_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _tree.Put(TableId.Meta, [], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tree.Put(TableId.Meta, new byte[CopyOnWriteTree.MaxKeyBytes + 1], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tree.Put(TableId.Meta, [1], new byte[ExtentBytes]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tree.Put(new TableId(64), [1], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tree.Put(TableId.Meta, [1], [1], new byte[CopyOnWriteTree.MaxHeadBytes + 1]));
        Assert.Null(_tree.BeginCommit());
    }

    [Fact]
    public void Put_GrowingKeys_LeavesPagesFull()
    {
        const int count = 20_000;
        var key = new byte[17];
        var value = new byte[300];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(key, i);
            _tree.Put(TableId.Revisions, key, value);
            if (i % 1000 == 999)
                _tree.Commit(_disk);
        }
        // 12 cells of 323 bytes fit into a page.
        Assert.InRange(_tree.Size.InUseBytes, count / 12 * 4096L, count / 12 * 4096L * 102 / 100 + 10 * 4096);
        Assert.Empty(TreeCheck.Run(_disk));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Delete_InKeyOrderWithOtherChangesBetween_LeavesWhatIsLeft(bool downwards)
    {
        const int count = 5_000;
        for (var i = 0; i < count; i++)
            _tree.Put(TableId.Revisions, Key(i), new byte[i % 50 == 0 ? 9_000 : i % 200]);
        _tree.Commit(_disk);
        List<int> left = [];
        for (var n = 0; n < count; n++)
        {
            var i = downwards ? count - 1 - n : n;
            if (i % 13 == 5)
            {
                left.Add(i);
                // Beside the leaf that is being emptied, and in it.
                _tree.Put(TableId.Revisions, Key(i), new byte[i % 3 * 900]);
                Assert.False(_tree.Delete(TableId.Revisions, [.. Key(i), 0]));
                continue;
            }
            Assert.True(_tree.Delete(TableId.Revisions, Key(i)));
            Assert.False(_tree.Delete(TableId.Revisions, Key(i)));
            Assert.False(_tree.Delete(TableId.V2Nodes, Key(i)));
            if (n % 700 == 0)
                _tree.Commit(_disk);
        }
        _tree.Commit(_disk);
        using var snapshot = _tree.OpenSnapshot();
        Assert.Equal(left.Order().Select(Key), snapshot.Keys(TableId.Revisions, []));
        Assert.Empty(TreeCheck.Run(_disk));
    }

    [Fact]
    public void Delete_MostOfAThreeLevelTree_JoinsBranchesWithTheirSeparators()
    {
        // Enough leaves for several branches, so that branches are joined, too.
        const int count = 60_000;
        var random = new Random(12);
        for (var i = 0; i < count; i++)
            _tree.Put(TableId.Revisions, Key(i), new byte[60]);
        _tree.Commit(_disk);
        HashSet<int> left = [.. Enumerable.Range(0, count)];
        foreach (var share in new[] { 3, 20, 300 })
        {
            foreach (var i in left.ToArray())
                if (random.Next(share) != 0)
                {
                    Assert.True(_tree.Delete(TableId.Revisions, Key(i)));
                    left.Remove(i);
                }
            Assert.All(left, i => Assert.True(_tree.TryGet(TableId.Revisions, Key(i), out _)));
            _tree.Commit(_disk);
            Assert.Empty(TreeCheck.Run(_disk));
        }
    }

    [Fact]
    public void Seek_BeforeAtBetweenAndBehindKeys_StartsAtTheFirstNotBelow()
    {
        for (var i = 0; i < 2000; i += 2)
            _tree.Put(TableId.V2Nodes, Key(i), new byte[40]);
        _tree.Commit(_disk);
        using var snapshot = _tree.OpenSnapshot();
        for (var i = 0; i < 2000; i++)
        {
            var cursor = snapshot.Seek(TableId.V2Nodes, Key(i));
            Assert.Equal(i < 1999, cursor.MoveNext());
            if (i < 1999)
                Assert.Equal(Key(i + i % 2).AsSpan(), cursor.Key);
        }
        Assert.Equal(1000, snapshot.Keys(TableId.V2Nodes, []).Count);
        Assert.Empty(snapshot.Keys(TableId.Leases, []));
    }

    [Fact]
    public void Size_SteadyOverwriting_StaysBounded()
    {
        var random = new Random(1);
        long afterWarmUp = 0;
        for (var round = 0; round < 300; round++)
        {
            for (var i = 0; i < 20; i++)
                _tree.Put(TableId.V2Nodes, Key(random.Next(200)), new byte[random.Next(0, 9000)]);
            _tree.Commit(_disk);
            if (round == 100)
                afterWarmUp = _tree.Size.FileBytes;
        }
        Assert.True(_tree.Size.FileBytes <= afterWarmUp * 3 / 2, $"{afterWarmUp} grew to {_tree.Size.FileBytes}");
        Assert.Empty(TreeCheck.Run(_disk));
    }

    [Fact]
    public void Put_RunsAcrossManyExtents_NeverCrossOne()
    {
        const int small = 64 * 1024;
        var disk = new SimulatedDisk(small);
        var tree = CopyOnWriteTree.Open(disk, _registry);
        for (var i = 0; i < 200; i++)
        {
            tree.Put(TableId.V2Nodes, Key(i), new byte[20_000 + i * 100]);
            if (i % 7 == 0)
                tree.Commit(disk);
        }
        tree.Commit(disk);
        Assert.Empty(TreeCheck.Run(disk));
    }

    [Fact]
    public void Put_FileBeyondOneFreeMap_ChecksAndReopens()
    {
        // More than 127 MiB, so that a second page of the free map comes in.
        var value = new byte[7 * 1024 * 1024];
        for (var i = 0; i < 22; i++)
        {
            _tree.Put(TableId.V2Nodes, Key(i), value);
            if (i % 4 == 0)
                _tree.Commit(_disk);
        }
        for (var i = 0; i < 22; i += 2)
            Assert.True(_tree.Delete(TableId.V2Nodes, Key(i)));
        _tree.Commit(_disk);
        Assert.Empty(TreeCheck.Run(_disk));
        var reopened = CopyOnWriteTree.Open(_disk, _registry);
        Assert.Equal(_tree.Size, reopened.Size);
    }

    private static byte[] Key(int i)
    {
        var key = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(key, i);
        return key;
    }
}
