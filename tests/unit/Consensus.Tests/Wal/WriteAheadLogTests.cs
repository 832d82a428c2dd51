using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Wal;
using Consensus.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Consensus.Tests.Wal;

/// <summary>The log on disk: what was acknowledged is found again, an unfinished tail is cut, any other damage is refused (I11).</summary>
public sealed class WriteAheadLogTests : IDisposable
{
    private const int SmallSegment = 4096;
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    private WriteAheadLog Open(string name = "wal", long segmentBytes = SmallSegment, WalDisk? disk = null, ulong member = 7) =>
        WriteAheadLog.Open(
            new WalOptions { Directory = _temp[name], Cluster = new(1), Member = new(member), SegmentBytes = segmentBytes }, disk ?? new WalDisk());

    private static Entry[] Entries(ulong first, ulong term, int count, int bytes = 10) =>
        [.. Enumerable.Range(0, count).Select(i =>
            new Entry(new(first + (ulong)i), new(term), EntryKind.Command, Data(first + (ulong)i, term, bytes)))];

    private static byte[] Data(ulong index, ulong term, int bytes)
    {
        var data = new byte[bytes];
        new Random((int)(index * 31 + term)).NextBytes(data);
        return data;
    }

    private static void Append(WriteAheadLog log, ulong first, ulong term, int count, int bytes = 10) =>
        log.Append(new HardState(new(term), new(7), new(first - 1)), Entries(first, term, count, bytes), mustSync: true);

    private static Entry[] All(WriteAheadLog log)
    {
        var entries = new List<Entry>();
        for (var from = log.First; from <= log.Last; from = entries[^1].Index.Next)
            entries.AddRange(log.Read(from, log.Last.Next, 1000));
        return [.. entries];
    }

    private static void AssertEntries(Entry[] entries, params (ulong First, ulong Term, int Count)[] runs)
    {
        var expected = runs.SelectMany(run => Enumerable.Range(0, run.Count).Select(i => (Index: run.First + (ulong)i, run.Term))).ToArray();
        Assert.Equal(expected, entries.Select(entry => (entry.Index.Value, entry.Term.Value)));
        Assert.All(entries, entry => Assert.True(entry.Data.Span.SequenceEqual(Data(entry.Index.Value, entry.Term.Value, entry.Data.Length))));
    }

    [Fact]
    public void Open_AfterAppends_FindsEverything()
    {
        using (var log = Open())
        {
            Append(log, 1, 1, 3);
            Append(log, 4, 2, 100);
            Append(log, 104, 2, 1, bytes: 20_000);
        }
        using var again = Open();
        AssertEntries(All(again), (1, 1, 3), (4, 2, 100), (104, 2, 1));
        Assert.Equal(new HardState(new(2), new(7), new(103)), again.HardState);
        Assert.True(again.CopyTerms().TryTermAt(new(3), out var term) && term.Value == 1);
        Assert.Equal(0, again.Torn.Bytes);
    }

    [Fact]
    public void Open_RewrittenSuffix_FindsTheLaterEntries()
    {
        using (var log = Open())
        {
            Append(log, 1, 1, 200);
            Append(log, 201, 1, 5);
            // Reaches back behind the current segment.
            Append(log, 150, 2, 4);
            AssertEntries(All(log), (1, 1, 149), (150, 2, 4));
            Append(log, 152, 3, 3);
        }
        using var again = Open();
        AssertEntries(All(again), (1, 1, 149), (150, 2, 2), (152, 3, 3));
    }

    [Fact]
    public void Open_AnyPrefixOfTheFile_KeepsWholeGroupsOnly()
    {
        var ends = new List<long>();
        string path;
        using (var log = Open(segmentBytes: 2048))
        {
            path = log.SegmentPaths[0];
            for (ulong i = 0; i < 6; i++)
            {
                Append(log, 1 + i * 2, 1, 2);
                ends.Add((LengthOfContent(path) + 7) / 8 * 8);
            }
        }
        var whole = File.ReadAllBytes(path);
        var head = 88;
        for (var length = head; length < ends[^1] + 16; length++)
        {
            // A crash in the middle: the rest was never written.
            var name = $"prefix-{length}";
            Directory.CreateDirectory(_temp[name]);
            File.WriteAllBytes(Path.Combine(_temp[name], Path.GetFileName(path)), whole[..length]);
            using var log = Open(name, segmentBytes: 2048);
            AssertEntries(All(log), (1, 1, ends.Count(end => end <= length) * 2));
            // And it goes on from there.
            Append(log, log.Last.Value + 1, 2, 1);
            Assert.Equal(2ul, All(log)[^1].Term.Value);
        }
        for (var length = 0; length < head; length += 11)
        {
            var name = $"head-{length}";
            Directory.CreateDirectory(_temp[name]);
            File.WriteAllBytes(Path.Combine(_temp[name], Path.GetFileName(path)), whole[..length]);
            Assert.Throws<WalCorruptedException>(() => Open(name, segmentBytes: 2048));
        }
    }

    [Fact]
    public void Open_AnyFlippedBit_IsRefusedOrCutsOnlyTheLastGroup()
    {
        string path;
        long lastGroup;
        using (var log = Open(segmentBytes: 2048))
        {
            path = log.SegmentPaths[0];
            Append(log, 1, 1, 2);
            Append(log, 3, 1, 2);
            lastGroup = (LengthOfContent(path) + 7) / 8 * 8;
            Append(log, 5, 1, 2);
        }
        var whole = File.ReadAllBytes(path);
        var end = (LengthOfContent(path) + 7) / 8 * 8;
        var random = new Random(3);
        for (var at = 0; at < end; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= (byte)(1 << random.Next(8));
            var name = $"flip-{at}";
            Directory.CreateDirectory(_temp[name]);
            var copy = Path.Combine(_temp[name], Path.GetFileName(path));
            File.WriteAllBytes(copy, damaged);
            if (at < lastGroup)
            {
                var e = Assert.Throws<WalCorruptedException>(() => Open(name, segmentBytes: 2048));
                Assert.Equal(copy, e.File);
                Assert.InRange(e.Offset, 0, at);
                Assert.Equal(damaged, File.ReadAllBytes(copy));
                continue;
            }
            using var log = Open(name, segmentBytes: 2048);
            AssertEntries(All(log), (1, 1, 4));
            Assert.True(log.Torn.Bytes > 0);
        }
    }

    [Fact]
    public void Open_DamageInEarlierSegment_Refused()
    {
        string[] paths;
        using (var log = Open())
        {
            for (ulong i = 0; i < 50; i++)
                Append(log, 1 + i * 10, 1, 10);
            paths = [.. log.SegmentPaths];
        }
        Assert.True(paths.Length > 2);
        var bytes = File.ReadAllBytes(paths[0]);
        bytes[LengthOfContent(paths[0]) - 3] ^= 1;
        File.WriteAllBytes(paths[0], bytes);
        Assert.Equal(paths[0], Assert.Throws<WalCorruptedException>(() => Open()).File);
    }

    [Fact]
    public void Open_SegmentMissing_Refused()
    {
        using (var log = Open())
        {
            for (ulong i = 0; i < 50; i++)
                Append(log, 1 + i * 10, 1, 10);
            File.Delete(log.SegmentPaths[1]);
        }
        Assert.Throws<WalCorruptedException>(() => Open());
    }

    [Fact]
    public void Open_AnotherMembersLog_Refused()
    {
        Open().Dispose();
        var e = Assert.Throws<DataDirectoryException>(() => Open(member: 8));
        Assert.Contains("belongs to member 7", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DropThrough_WholeSegments_KeepsTheRestReadable()
    {
        using (var log = Open())
        {
            for (ulong i = 0; i < 50; i++)
                Append(log, 1 + i * 10, 1, 10);
            var files = log.SegmentPaths.Count;
            var first = log.DropThrough(new(250));
            Assert.InRange(first.Value, 2ul, 251ul);
            Assert.True(log.SegmentPaths.Count < files);
            Assert.Equal(first, Assert.Throws<LogCompactedException>(() => log.Read(new(1), new(2), 1)).First);
        }
        using var again = Open();
        AssertEntries(All(again), (again.First.Value, 1, (int)(500 - again.First.Value + 1)));
    }

    [Fact]
    public void Append_SyncFails_PoisonsTheLog()
    {
        var disk = new FaultyDisk();
        using var log = Open(disk: disk);
        Append(log, 1, 1, 1);
        disk.FailSync = true;
        Assert.Throws<WalFailedException>(() => Append(log, 2, 1, 1));
        disk.FailSync = false;
        Assert.Throws<WalFailedException>(() => Append(log, 2, 1, 1));
    }

    [Fact]
    public void EnsureRoom_NoSpaceForSegment_RefusesAndLosesNothing()
    {
        var disk = new FaultyDisk();
        using (var log = Open(disk: disk))
        {
            Append(log, 1, 1, 10);
            disk.FailPreallocate = true;
            Assert.Throws<WalFullException>(() => log.EnsureRoom(100_000));
            AssertEntries(All(log), (1, 1, 10));
            disk.FailPreallocate = false;
            log.EnsureRoom(100_000);
            Append(log, 11, 1, 10);
        }
        using var again = Open();
        AssertEntries(All(again), (1, 1, 20));
    }

    private static long LengthOfContent(string path) => File.ReadAllBytes(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
}

/// <summary>A disk that fails when told to.</summary>
internal sealed class FaultyDisk : WalDisk
{
    public volatile bool FailSync;
    public volatile bool FailPreallocate;

    public override void Sync(SafeFileHandle file)
    {
        if (FailSync)
            throw new IOException("injected: input/output error");
        base.Sync(file);
    }

    public override void Preallocate(string path, long bytes)
    {
        if (FailPreallocate)
            throw new IOException("injected: no space left on device");
        base.Preallocate(path, bytes);
    }
}
