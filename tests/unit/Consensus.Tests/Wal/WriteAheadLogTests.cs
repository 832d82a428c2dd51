using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host.Wal;
using Consensus.Tests.Support;

namespace Consensus.Tests.Wal;

/// <summary>The log on disk: what was acknowledged is found again, an unfinished tail is cut, any other damage is refused (I11).</summary>
public sealed class WriteAheadLogTests : IDisposable
{
    private const int SmallSegment = 4096;
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    private WriteAheadLog Open(string name = "wal", long segmentBytes = SmallSegment, ILogDisk? disk = null)
    {
        disk ??= new FileLogDisk(_temp[name]);
        var options = new WalOptions { SegmentBytes = segmentBytes };
        return WriteAheadLog.Exists(disk)
            ? WriteAheadLog.Open(disk, options)
            : WriteAheadLog.Create(disk, options, new ClusterId(1), new MemberId(7), [], default);
    }

    private string[] PathsOf(WriteAheadLog log) => [.. log.SegmentNames.Select(name => Path.Combine(_temp["wal"], name))];

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
    public void Dispose_LastWritePassesHalfOfTheSegment_LeavesNoSpareBehind()
    {
        // Somewhere among these sizes the hard state that Dispose writes is what passes the middle, where a spare is prepared.
        for (var bytes = SmallSegment / 2 - 512; bytes < SmallSegment / 2; bytes += 16)
        {
            var name = $"wal{bytes}";
            using (var log = Open(name))
            {
                log.Append(new HardState(new(1), default, default), [new Entry(new(1), new(1), EntryKind.Command, new byte[bytes])], mustSync: true);
                log.Append(new HardState(new(1), default, new(1)), [], mustSync: false);
            }
            Assert.False(File.Exists(Path.Combine(_temp[name], ILogDisk.SpareName)), $"with a command of {bytes} bytes");
        }
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
            path = PathsOf(log)[0];
            for (ulong i = 0; i < 6; i++)
            {
                Append(log, 1 + i * 2, 1, 2);
                ends.Add((LengthOfContent(path) + 7) / 8 * 8);
            }
        }
        var whole = File.ReadAllBytes(path);
        var head = 96;
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
            path = PathsOf(log)[0];
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
            paths = PathsOf(log);
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
            File.Delete(PathsOf(log)[1]);
        }
        Assert.Throws<WalCorruptedException>(() => Open());
    }

    [Fact]
    public void DropThrough_WholeSegments_KeepsTheRestReadable()
    {
        using (var log = Open())
        {
            for (ulong i = 0; i < 50; i++)
                Append(log, 1 + i * 10, 1, 10);
            var files = log.SegmentNames.Count;
            var first = log.DropThrough(new(250));
            Assert.InRange(first.Value, 2ul, 251ul);
            Assert.True(log.SegmentNames.Count < files);
            Assert.Equal(first, Assert.Throws<LogCompactedException>(() => log.Read(new(1), new(2), 1)).First);
        }
        using var again = Open();
        AssertEntries(All(again), (again.First.Value, 1, (int)(500 - again.First.Value + 1)));
    }

    [Fact]
    public void Append_SyncFails_PoisonsTheLog()
    {
        var disk = new FaultyDisk(_temp["wal"]);
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
        var disk = new FaultyDisk(_temp["wal"]);
        using (var log = Open(disk: disk))
        {
            Append(log, 1, 1, 10);
            disk.FailSpare = true;
            Assert.Throws<WalFullException>(() => log.EnsureRoom(100_000));
            AssertEntries(All(log), (1, 1, 10));
            disk.FailSpare = false;
            log.EnsureRoom(100_000);
            Append(log, 11, 1, 10);
        }
        using var again = Open();
        AssertEntries(All(again), (1, 1, 20));
    }

    [Fact]
    public void Open_Bootstrapped_KnowsItsIdentityEntriesAndCommit()
    {
        var disk = new FileLogDisk(_temp["wal"]);
        Assert.False(WriteAheadLog.Exists(disk));
        var bootstrap = new Entry(new(1), new(1), EntryKind.Configuration, new byte[] { 1, 2, 3 });
        WriteAheadLog.Create(disk, new WalOptions(), new ClusterId(8), new MemberId(9), [bootstrap], new HardState(new(1), default, new(1))).Dispose();
        Assert.True(WriteAheadLog.Exists(disk));

        using var log = WriteAheadLog.Open(disk, new WalOptions());
        Assert.Equal((new ClusterId(8), new MemberId(9)), (log.Cluster, log.Member));
        Assert.Equal(new HardState(new(1), default, new(1)), log.HardState);
        Assert.Equal(EntryKind.Configuration, Assert.Single(All(log)).Kind);
        var (index, data) = Assert.Single(log.Configurations);
        Assert.Equal(1ul, index.Value);
        Assert.Equal([1, 2, 3], data.ToArray());
    }

    [Fact]
    public void Configurations_SegmentsDroppedAndSuffixCut_NewestBeforeTheStartAndAllLater()
    {
        static Entry[] Configuration(ulong index, ulong term) => [new Entry(new(index), new(term), EntryKind.Configuration, BitConverter.GetBytes(index))];
        using (var log = Open())
        {
            for (ulong i = 0; i < 60; i++)
            {
                log.Append(new HardState(new(1), default, new(i * 5)), Configuration(1 + i * 5, 1), mustSync: true);
                Append(log, 2 + i * 5, 1, 4, bytes: 100);
            }
            log.DropThrough(new(250));
            // The newest is cut again: the one before it stands.
            log.Append(new HardState(new(2), default, new(295)), Entries(296, 2, 2), mustSync: true);
            AssertConfigurations(log);
        }
        using var again = Open();
        AssertConfigurations(again);

        static void AssertConfigurations(WriteAheadLog log)
        {
            Assert.InRange(log.First.Value, 200ul, 250ul);
            var newestBefore = (log.First.Value - 2) / 5 * 5 + 1;
            var expected = Enumerable.Range(0, 60).Select(i => 1 + (ulong)i * 5).Where(index => index >= newestBefore && index < 296);
            Assert.Equal(expected, log.Configurations.Select(configuration => configuration.Index.Value));
            Assert.All(log.Configurations, c => Assert.Equal(c.Index.Value, BitConverter.ToUInt64(c.Data.Span)));
        }
    }

    [Fact]
    public void Open_CommitHandedOverLate_StoredWithTheNextEntry()
    {
        // Not disposed: what was to be stored late is lost, as in a crash.
        var log = Open();
        Append(log, 1, 1, 3);
        log.Append(new HardState(new(1), new(7), new(3)), [], mustSync: false);
        using (var crashed = Open())
            Assert.Equal(0ul, crashed.HardState.Commit.Value);

        log = Open();
        log.Append(new HardState(new(1), new(7), new(3)), [], mustSync: false);
        log.Append(log.HardState, Entries(4, 1, 1), mustSync: true);
        using var again = Open();
        Assert.Equal(3ul, again.HardState.Commit.Value);
    }

    [Fact]
    public void Reset_FurtherOn_BeginsAnewAndForgetsTheRest()
    {
        var state = new HardState(new(5), new(7), new(1000));
        using (var log = Open())
        {
            for (ulong i = 0; i < 50; i++)
                Append(log, 1 + i * 10, 1, 10);
            log.Reset(new(1000), new(4), new(900), new byte[] { 9 }, state);
            Assert.Single(log.SegmentNames);
            Assert.Equal(1001ul, Assert.Throws<LogCompactedException>(() => log.Read(new(500), new(501), 1)).First.Value);
            log.Append(state, Entries(1001, 5, 3), mustSync: true);
        }
        using var again = Open();
        AssertEntries(All(again), (1001, 5, 3));
        Assert.Equal(state, again.HardState);
        Assert.True(again.CopyTerms().TryTermAt(new(1000), out var term) && term.Value == 4);
        Assert.Equal(900ul, Assert.Single(again.Configurations).Index.Value);
    }

    [Fact]
    public void DropThrough_SegmentThatReachesFurtherBack_FirstIndexNeverFalls()
    {
        var first = 1ul;
        using var log = Open();
        for (ulong i = 0; i < 30; i++)
            Append(log, 1 + i * 10, 1, 10);
        log.Append(new HardState(new(2), new(7), new(240)), Entries(251, 2, 100), mustSync: true);
        for (var limit = 1ul; limit <= 350; limit++)
        {
            var next = log.DropThrough(new(limit)).Value;
            Assert.InRange(next, first, limit + 1);
            first = next;
            AssertEntries(All(log).Where(entry => entry.Index.Value <= 250).ToArray(), (first, 1, (int)Math.Max(0, 251 - (long)first)));
        }
    }

    [Fact]
    public void Open_CommittedTailGone_Refused()
    {
        string path;
        using (var log = Open())
        {
            Append(log, 1, 1, 2);
            log.Append(new HardState(new(1), new(7), new(4)), Entries(3, 1, 2), mustSync: true);
            path = PathsOf(log)[0];
        }
        // A hard state that speaks of entries which no group holds: not what a crash leaves.
        var bytes = File.ReadAllBytes(path);
        var encoder = new WalEncoder();
        var end = (LengthOfContent(path) + 7) / 8 * 8;
        encoder.Begin(1, end);
        encoder.Add(new HardState(new(1), new(7), new(9)));
        encoder.End();
        encoder.Bytes.CopyTo(bytes.AsMemory((int)end));
        File.WriteAllBytes(path, bytes);
        Assert.Contains("index 9 is committed", Assert.Throws<WalCorruptedException>(() => Open()).Message, StringComparison.Ordinal);
    }

    private static long LengthOfContent(string path) => File.ReadAllBytes(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
}
