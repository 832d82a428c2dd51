using System.Buffers.Binary;
using System.Security.Cryptography;
using Storage.Core.Tree;

namespace Storage.Tree.Tests;

/// <summary>What a start asks the disk for, and who reads many values: everything that is about to be read, early enough that the disk is never idle, and nothing else.</summary>
public sealed class FetchAheadTests
{
    private const int PageBytes = 4096;
    private const int Rows = 60_000;

    private readonly SimulatedDisk _disk = new(16 * 1024 * 1024);

    [Fact]
    public void Scan_LongValuesBetweenTheLeaves_AsksForLeavesOnlyAndInTime()
    {
        Fill(static row => row % 20 == 0 ? 6_000 : 20);
        using var snapshot = CopyOnWriteTree.OpenUnused(_disk);
        var accesses = Accesses.Of(_disk, () => Assert.Equal(Rows, Count(snapshot)));

        // The root, where it begins.
        Assert.Single(accesses.ReadUnasked);
        Assert.Equal(0, accesses.ReadsWithNothingUnderWay);
        // Some pages between two leaves are taken along, the values are not.
        Assert.InRange(accesses.Fetched.Count, accesses.Read.Count - 1, 2 * accesses.Read.Count);
        Assert.True(accesses.Fetched.Count < _disk.Length / PageBytes / 4, $"{accesses.Fetched.Count} of {_disk.Length / PageBytes} pages");
    }

    [Fact]
    public void Scan_LeavesSideBySide_AsksForManyAtOnce()
    {
        Fill(static _ => 100);
        using var snapshot = CopyOnWriteTree.OpenUnused(_disk);
        var accesses = Accesses.Of(_disk, () => Assert.Equal(Rows, Count(snapshot)));

        Assert.Equal(256 * 1024, accesses.LongestFetch);
        Assert.True(accesses.Fetches < accesses.Read.Count / 8, $"{accesses.Fetches} requests for {accesses.Read.Count} pages");
    }

    [Fact]
    public void Open_StoredFreeMap_IsAskedForBeforeItIsRead()
    {
        var tree = Fill(static _ => 100);
        for (var row = 0; row < Rows; row += 2)
            Assert.True(tree.Delete(TableId.Revisions, Key(row)));
        tree.Commit(_disk);
        tree.Put(TableId.Revisions, Key(0), "1"u8);
        tree.Commit(_disk);
        var accesses = Accesses.Of(_disk, () => CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry()));

        // Meta pages and the directory are read to know what to ask for.
        Assert.Single(accesses.Fetched);
        Assert.Contains(accesses.Fetched.Single(), accesses.Read);
        Assert.DoesNotContain(accesses.Fetched.Single(), accesses.ReadUnasked);
    }

    [Fact]
    public void FetchAhead_ValueNotInMemory_AsksForItWhole()
    {
        Fill(static row => row == 100 ? 300_000 : row % 20 == 0 ? 6_000 : 20);
        using var snapshot = CopyOnWriteTree.OpenUnused(_disk);
        // Leaves are in memory, and so is what an empty table needs.
        _disk.Holds = static (_, length) => length == PageBytes;
        List<(long Offset, int Length)> asked = [];
        _disk.Accessed = (isFetch, offset, length) =>
        {
            if (isFetch)
                asked.Add((offset, length));
        };

        Assert.Equal(2 * PageBytes, snapshot.FetchAhead(TableId.Revisions, Key(40)));
        Assert.Equal([2 * PageBytes], asked.Select(static one => one.Length));
        Assert.Equal(74 * PageBytes, snapshot.FetchAhead(TableId.Revisions, Key(100)));
        Assert.Equal([2 * PageBytes, 64 * PageBytes, 10 * PageBytes], asked.Select(static one => one.Length));
        Assert.Equal(asked[1].Offset + asked[1].Length, asked[2].Offset);
        asked.Clear();

        // A short value is in its leaf.
        Assert.Equal(0, snapshot.FetchAhead(TableId.Revisions, Key(41)));
        Assert.Equal(0, snapshot.FetchAhead(TableId.Revisions, Key(Rows + 1)));
        // No key, but before one with a long value.
        Assert.Equal(0, snapshot.FetchAhead(TableId.Revisions, [.. Key(39), 1]));
        Assert.Equal(0, snapshot.FetchAhead(TableId.Leases, Key(40)));
        _disk.Holds = static (_, _) => true;
        Assert.Equal(0, snapshot.FetchAhead(TableId.Revisions, Key(40)));
        Assert.Empty(asked);
        Assert.Empty(TreeCheck.Run(_disk));
    }

    [Fact]
    public void FetchAhead_LeafNotInMemory_AsksForTheLeafWithoutReadingIt()
    {
        Fill(static row => row % 20 == 0 ? 6_000 : 20);
        using var snapshot = CopyOnWriteTree.OpenUnused(_disk);
        _disk.Holds = static (_, _) => false;
        var asked = 0;
        var accesses = Accesses.Of(_disk, () => asked = snapshot.FetchAhead(TableId.Revisions, Key(40)));
        Assert.Equal(PageBytes, asked);
        Assert.DoesNotContain(Assert.Single(accesses.Fetched), accesses.Read);
        accesses = Accesses.Of(_disk, () => Assert.True(snapshot.TryGet(TableId.Revisions, Key(41), out _)));
        Assert.Empty(accesses.Fetched);
    }

    [Fact]
    public void TryGetHead_LongValue_IsNotRead()
    {
        var tree = Fill(static row => row % 20 == 0 ? 6_000 : 20);
        using var snapshot = CopyOnWriteTree.OpenUnused(_disk);
        _disk.Accessed = static (_, _, length) => Assert.Equal(PageBytes, length);
        Assert.True(snapshot.TryGetHead(TableId.Revisions, Key(40), out var head));
        Assert.Equal("head"u8, head);
        Assert.True(tree.TryGetHead(TableId.Revisions, Key(40), out head));
        Assert.Equal("head"u8, head);
        // A short value is all there.
        Assert.True(snapshot.TryGetHead(TableId.Revisions, Key(41), out head));
        Assert.Equal(20, head.Length);
        Assert.False(snapshot.TryGetHead(TableId.Revisions, Key(Rows), out _));
        Assert.False(tree.TryGetHead(TableId.Leases, Key(40), out _));
    }

    private static byte[] Key(int row)
    {
        var key = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, row);
        return key;
    }

    private static int Count(ITreeSnapshot snapshot)
    {
        var counter = new int[1];
        snapshot.Scan(TableId.Revisions, new Counter(counter));
        return counter[0];
    }

    private CopyOnWriteTree Fill(Func<int, int> valueBytes)
    {
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        for (var row = 0; row < Rows; row++)
        {
            tree.Put(TableId.Revisions, Key(row), RandomNumberGenerator.GetBytes(valueBytes(row)), "head"u8);
            if (row % 10_000 == 9_999)
                tree.Commit(_disk);
        }
        return tree;
    }

    private readonly struct Counter(int[] count) : IRowVisitor
    {
        public void Visit(ReadOnlySpan<byte> key, ReadOnlySpan<byte> head) => count[0]++;
    }

    /// <summary>Pages that were read and asked for while something was done.</summary>
    private sealed class Accesses
    {
        private Accesses(List<(bool IsFetch, long First, int Count)> events)
        {
            Read = [.. events.Where(static access => !access.IsFetch).SelectMany(PagesOf)];
            var fetches = events.Where(static access => access.IsFetch).ToList();
            Fetches = fetches.Count;
            LongestFetch = fetches.Select(static access => access.Count).DefaultIfEmpty().Max() * PageBytes;
            var underWay = new HashSet<long>();
            var idleReads = 0;
            foreach (var access in events)
            {
                foreach (var page in PagesOf(access))
                {
                    if (access.IsFetch)
                    {
                        if (Fetched.Add(page) && Read.Contains(page))
                            underWay.Add(page);
                        continue;
                    }
                    if (!Fetched.Contains(page))
                        ReadUnasked.Add(page);
                    underWay.Remove(page);
                }
                if (access.IsFetch)
                    ReadsWithNothingUnderWay = idleReads;
                else if (Fetched.Count > 0 && underWay.Count == 0)
                    idleReads++;
            }
        }

        public HashSet<long> Read { get; }

        public HashSet<long> Fetched { get; } = [];

        /// <summary>Before they were asked for, if they were.</summary>
        public HashSet<long> ReadUnasked { get; } = [];

        public int Fetches { get; }

        /// <summary>In bytes.</summary>
        public int LongestFetch { get; }

        /// <summary>Reads between the first request and the last after which the disk had nothing to do.</summary>
        public int ReadsWithNothingUnderWay { get; }

        public static Accesses Of(SimulatedDisk disk, Action action)
        {
            List<(bool, long, int)> events = [];
            disk.Accessed = (isFetch, offset, length) => events.Add((isFetch, offset / PageBytes, length / PageBytes));
            action();
            disk.Accessed = null;
            return new Accesses(events);
        }

        private static IEnumerable<long> PagesOf((bool IsFetch, long First, int Count) access)
        {
            for (var page = access.First; page < access.First + access.Count; page++)
                yield return page;
        }
    }
}
