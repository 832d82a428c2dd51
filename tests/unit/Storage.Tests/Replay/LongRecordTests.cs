using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Core.Tree.Pages;
using Storage.Tests.Harness;
using Storage.Tree.Tests;

namespace Storage.Tests.Replay;

/// <summary>
/// Goal: a start knows all of a key with a long value without reading the value, and does so also where there is no head beside the key: of files of format version 1, and of keys
/// too long for it. Method: the rows of a state machine copied to a simulated disk in one way or the other, and pages of the values damaged.
/// </summary>
public sealed class LongRecordTests
{
    private const int ExtentBytes = 64 * 1024;

    private readonly Replica _origin = new();
    private readonly SimulatedDisk _disk = new(ExtentBytes);

    public LongRecordTests()
    {
        _origin.Do(new LeaseGrantRequest { ID = 77, TTL = 100 });
        for (var i = 0; i < 40; i++)
        {
            _origin.Put($"long{i % 30}", new string('v', 3_000 + (i * 150)), i % 3 == 0 ? 77 : 0);
            _origin.Put($"short{i % 20}", "v");
        }
        _origin.Do(Requests.Delete("long7"));
        _origin.Commit();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_LongValues_GivesTheSameStateWithHeadsAndWithout(bool heads)
    {
        Copy(heads);
        var copy = new Copied(_disk);
        Assert.Equal(_origin.Dump(), copy.Dump());
        Assert.Equal(LeasedKeys(_origin.Machine), LeasedKeys(copy.Machine));
    }

    [Fact]
    public void Open_ValuesDamaged_KnowsTheirKeysAndServesNone()
    {
        Copy(heads: true);
        Assert.True(DamageValues() > 30);
        var copy = new Copied(_disk);
        // Everything but the value is known, as compares of a transaction see it.
        foreach (var one in _origin.Range(new RangeRequest { Key = Requests.Utf8("\0"), RangeEnd = Requests.Utf8("\0") }).Kvs)
        {
            var history = copy.Machine.Freeze().Keys.Find(one.Key.Span);
            Assert.Equal(
                (one.CreateRevision, one.ModRevision, one.Version, one.Lease), (history.CreateRevision, history.Modified.Main, history.Version, history.Lease));
            if (one.Value.Length > 3_000)
                Assert.Throws<PageCorruptException>(() => copy.Range(new RangeRequest { Key = one.Key }));
            else
                Assert.Equal(one, Assert.Single(copy.Range(new RangeRequest { Key = one.Key }).Kvs));
        }
        Assert.Equal(LeasedKeys(_origin.Machine), LeasedKeys(copy.Machine));
    }

    [Fact]
    public void Open_KeyTooLongForAHead_ReadsItsValue()
    {
        var key = new string('k', CopyOnWriteTree.MaxHeadBytes);
        _origin.Put(key, new string('v', 9_000));
        _origin.Commit();
        Copy(heads: true);
        Assert.Equal(_origin.Dump(), new Copied(_disk).Dump());
        DamageValues();
        Assert.Throws<PageCorruptException>(() => new Copied(_disk));
    }

    /// <summary>A start believes heads: one that is another's gives the key another's revisions, and no checksum tells.</summary>
    [Fact]
    public void Check_HeadOfAnotherRecord_IsDamage()
    {
        Copy(heads: true);
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        var (key, record, other) = (Array.Empty<byte>(), Array.Empty<byte>(), Array.Empty<byte>());
        using (var snapshot = _origin.Tree.OpenSnapshot())
        {
            for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext();)
            {
                if (row.Value.Length > 3_000)
                    (key, record, other) = (row.Key.ToArray(), row.Value.ToArray(), record);
            }
        }
        Span<byte> room = stackalloc byte[CopyOnWriteTree.MaxHeadBytes];
        tree.Put(TableId.Revisions, key, record, RevisionRow.Head(other, room));
        var commit = tree.BeginCommit()!;
        commit.WriteTo(_disk);
        tree.CompleteCommit(commit);
        Assert.Empty(TreeCheck.Run(_disk));
        var finding = Assert.Single(TreeCheck.Run(_disk, RevisionHeads.Check));
        Assert.True(finding.IsDamage);
        Assert.Contains("is not that of its value", finding.What, StringComparison.Ordinal);
    }

    private void Copy(bool heads)
    {
        var tree = CopyOnWriteTree.Open(_disk, new SingleThreadSnapshotRegistry());
        using (var snapshot = _origin.Tree.OpenSnapshot())
        {
            foreach (var table in TableId.All)
            {
                for (var row = snapshot.Seek(table, []); row.MoveNext();)
                {
                    if (heads && table == TableId.Revisions)
                        RevisionRow.Put(tree, row.Key, row.Value);
                    else
                        tree.Put(table, row.Key, row.Value);
                }
            }
        }
        var commit = tree.BeginCommit()!;
        commit.WriteTo(_disk);
        tree.CompleteCommit(commit);
        Assert.Empty(TreeCheck.Run(_disk, RevisionHeads.Check));
    }

    private int DamageValues()
    {
        var damaged = 0;
        for (var page = PageFormat.FirstDataPage; page < _disk.Length / PageFormat.PageBytes; page++)
        {
            var bytes = _disk.Read(page * PageFormat.PageBytes, PageFormat.PageBytes);
            if (PageFormat.Type(bytes) != PageType.Overflow || !bytes[8..16].SequenceEqual(BitConverter.GetBytes(page)))
                continue;
            _disk.FlipBit((page * PageFormat.PageBytes) + 1_000, 3);
            damaged++;
        }
        return damaged;
    }

    private static string[] LeasedKeys(StateMachine machine) =>
        [.. machine.Freeze().Leases.KeysOf(77)!.Select(static key => System.Text.Encoding.UTF8.GetString(key)).Order(StringComparer.Ordinal)];

    private sealed class Copied
    {
        private readonly PublishedState _state;

        public Copied(SimulatedDisk disk)
        {
            Machine = StateMachine.Open(CopyOnWriteTree.Open(disk, new SingleThreadSnapshotRegistry()), new StateMachineOptions());
            _state = new PublishedState(Machine.Freeze());
        }

        public StateMachine Machine { get; }

        public RangeResponse Range(RangeRequest request)
        {
            var result = Storage.Core.Reads.StateReads.Range(_state, request.ToByteArray());
            Assert.Equal(Storage.Contracts.StorageError.None, result.Error);
            return RangeResponse.Parser.ParseFrom(result.Body.Span);
        }

        public string Dump() => string.Join('\n', Range(new RangeRequest { Key = Requests.Utf8("\0"), RangeEnd = Requests.Utf8("\0") }).Kvs.Select(Requests.Show));
    }
}
