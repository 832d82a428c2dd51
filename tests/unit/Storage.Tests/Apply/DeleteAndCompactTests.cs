using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.Tree;
using Storage.Tests.Harness;

namespace Storage.Tests.Apply;

/// <summary>Goal: the rules of DeleteRange and Compact, history and hash included. Method: one scenario per rule.</summary>
public sealed class DeleteAndCompactTests
{
    private readonly Replica _replica = new();

    [Fact]
    public void Delete_NothingMatched_TakesNoRevision()
    {
        _replica.Put("a", "1");
        var result = _replica.Do(Requests.Delete("x"));
        Assert.Equal((StorageError.None, 2, 0), (result.Error, result.Revision, result.Body.Length));
    }

    [Fact]
    public void Delete_Range_SharesOneRevisionAndAnswersInKeyOrder()
    {
        _replica.Put("b", "2");
        _replica.Put("a", "1");
        _replica.Put("c", "3");
        var response = _replica.Ok<DeleteRangeResponse>(Requests.Delete("a", "c", prev: true));
        Assert.Equal(2, response.Deleted);
        Assert.Equal("a=1 c3 m3 v1 l0,b=2 c2 m2 v1 l0", string.Join(',', response.PrevKvs.Select(Requests.Show)));
        Assert.Equal(5, _replica.State.Current.Revision);
        Assert.Equal("c=3 c4 m4 v1 l0", _replica.Dump());
        Assert.Equal(3, _replica.Dump(4).Split('\n').Length);
    }

    [Fact]
    public void Compact_Revisions_AreAcceptedOrRefusedAsEtcd()
    {
        _replica.Put("a", "1");
        _replica.Put("a", "2");
        Assert.Equal(StorageError.None, _replica.Compact(0));
        Assert.Equal(StorageError.FutureRevision, _replica.Compact(4));
        Assert.Equal(StorageError.None, _replica.Compact(2));
        Assert.Equal(StorageError.Compacted, _replica.Compact(2));
        Assert.Equal(StorageError.Compacted, _replica.Compact(1));
        Assert.Equal(StorageError.None, _replica.Compact(3));
        Assert.Equal(3, _replica.State.Current.Revision);
    }

    [Fact]
    public void Sweep_AfterCompact_RemovesExactlyWhatIsNotKept()
    {
        _replica.Put("a", "1");         // 2
        _replica.Put("a", "2");         // 3
        _replica.Put("b", "1");         // 4
        _replica.Do(Requests.Delete("b")); // 5
        _replica.Put("c", "1");         // 6
        _replica.Do(Requests.Delete("c")); // 7
        _replica.Compact(7);
        _replica.Sweep(step: 1);
        _replica.Commit();
        Assert.Equal("3.0 7.0t", StoredRevisions(_replica.Tree));
        Assert.Equal(2, _replica.State.Current.Keys.Count);
        Assert.Equal(7, _replica.Machine.Sweep.SweptRevision);
    }

    [Fact]
    public void Sweep_CutShortByACrash_IsTakenUpAgain()
    {
        for (var i = 0; i < 40; i++)
            _replica.Put($"k{i % 4}", $"{i}");
        _replica.Compact(41);
        _replica.Machine.Sweep.Step(9);
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.True(restarted.Machine.Sweep.IsPending);
        restarted.Sweep(step: 3);
        restarted.Commit();
        Assert.Equal("38.0 39.0 40.0 41.0", StoredRevisions(restarted.Tree));
    }

    [Fact]
    public void Hash_BeforeAndAfterTheSweep_IsTheSame()
    {
        for (var i = 0; i < 30; i++)
            _replica.Put($"k{i % 5}", $"{i}");
        _replica.Do(Requests.Delete("k1"));
        var full = StateReads.Hash(_replica.State, 20);
        _replica.Compact(25);
        var compacted = StateReads.Hash(_replica.State, 0);
        _replica.Machine.Sweep.Step(4);
        _replica.State.Current = _replica.Machine.Freeze();
        Assert.Equal(compacted, StateReads.Hash(_replica.State, 0));
        _replica.Sweep();
        _replica.Commit();
        Assert.Equal(compacted, StateReads.Hash(_replica.State, 0));
        Assert.Equal(StorageError.Compacted, StateReads.Hash(_replica.State, 20).Error);
        Assert.Equal(StorageError.FutureRevision, StateReads.Hash(_replica.State, 99).Error);
        Assert.Equal((-1, 25), (full.CompactRevision, compacted.CompactRevision));
    }

    [Fact]
    public void Hash_NoKeyIsLeft_IsTheSameBeforeAndAfterTheSweepAndHoldsTheLastTombstone()
    {
        _replica.Put("a", "1");
        _replica.Do(Requests.Delete("a"));
        _replica.Put("b", "1");
        _replica.Do(Requests.Delete("b")); // 5
        _replica.Compact(5);
        var before = StateReads.Hash(_replica.State, 0);
        _replica.Sweep();
        _replica.Commit();
        Assert.Equal(before, StateReads.Hash(_replica.State, 0));
        byte[] stored = [.. "key"u8, 0, 0, 0, 0, 0, 0, 0, 5, (byte)'_', 0, 0, 0, 0, 0, 0, 0, 0, (byte)'t', 0x0a, 1, (byte)'b'];
        Assert.Equal(Crc32C(stored), before.Hash);
    }

    [Fact]
    public void Hash_BelowTheCompactedRevision_CountsOnlyWhatAReadFinds()
    {
        _replica.Put("a", "1"); // 2
        _replica.Put("b", "1");
        _replica.Compact(3);
        var alone = StateReads.Hash(_replica.State, 0).Hash;
        _replica.Put("a", "2"); // 4: the first value of a is still stored, and counts no more
        byte[] stored =
        [
            .. "key"u8, 0, 0, 0, 0, 0, 0, 0, 3, (byte)'_', 0, 0, 0, 0, 0, 0, 0, 0,
            0x0a, 1, (byte)'b', 0x10, 3, 0x18, 3, 0x20, 1, 0x2a, 1, (byte)'1',
            0, 0, 0, 0, 0, 0, 0, 4, (byte)'_', 0, 0, 0, 0, 0, 0, 0, 0,
            0x0a, 1, (byte)'a', 0x10, 2, 0x18, 4, 0x20, 2, 0x2a, 1, (byte)'2',
        ];
        Assert.Equal(Crc32C(stored), StateReads.Hash(_replica.State, 0).Hash);
        Assert.Equal(alone, StateReads.Hash(_replica.State, 3).Hash);
    }

    [Fact]
    public void Hash_OneKey_IsCrc32COfBucketNameKeyAndRecord()
    {
        _replica.Put("a", "1");
        byte[] stored =
        [
            .. "key"u8, 0, 0, 0, 0, 0, 0, 0, 2, (byte)'_', 0, 0, 0, 0, 0, 0, 0, 0,
            0x0a, 1, (byte)'a', 0x10, 2, 0x18, 2, 0x20, 1, 0x2a, 1, (byte)'1',
        ];
        Assert.Equal(Crc32C(stored), StateReads.Hash(_replica.State, 0).Hash);
    }

    [Fact]
    public void History_HotAndStored_IsTheSame()
    {
        _replica.Put("a", "1");
        _replica.Put("a", "2");
        _replica.Do(Requests.Txn([], [Requests.Delete("a"), Requests.Put("b", "3")]));
        var hot = Describe(HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 1, long.MaxValue, int.MaxValue));
        _replica.Commit();
        var stored = Describe(HistoryReader.Read(_replica.AfterCrash([]).State, new KeyRange([0], [0]), 1, long.MaxValue, int.MaxValue));
        Assert.Equal(
            "2: a PUT 1 | 3: a PUT 2 prev 1 | 4: a DELETE  prev 2 ; b PUT 3 | next 5", hot);
        Assert.Equal(hot, stored);
    }

    [Fact]
    public void History_KeyChangedTwiceByOneTxn_PreviousIsFromBeforeTheTxn()
    {
        _replica.Put("a", "0");
        _replica.Do(Requests.Txn([], [Requests.Put("a", "1"), Requests.Put("c", "1"), Requests.Delete("a", "z"), Requests.Put("a", "2")]));
        var hot = Describe(HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 3, long.MaxValue, int.MaxValue));
        _replica.Commit();
        var stored = Describe(HistoryReader.Read(_replica.AfterCrash([]).State, new KeyRange([0], [0]), 3, long.MaxValue, int.MaxValue));
        Assert.Equal("3: a PUT 1 prev 0 ; c PUT 1 ; a DELETE  prev 0 ; c DELETE  ; a PUT 2 | next 4", hot);
        Assert.Equal(hot, stored);

        // Compacted there, each key's last change is left, swept or not.
        _replica.Compact(3);
        Assert.Equal("3: c DELETE  ; a PUT 2 | next 4", Describe(HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 3, long.MaxValue, int.MaxValue)));
        _replica.Commit();
        var unswept = _replica.AfterCrash([]);
        Assert.Equal("3: c DELETE  ; a PUT 2 | next 4", Describe(HistoryReader.Read(unswept.State, new KeyRange([0], [0]), 3, long.MaxValue, int.MaxValue)));
        unswept.Sweep();
        unswept.Commit();
        Assert.Equal(
            "3: c DELETE  ; a PUT 2 | next 4",
            Describe(HistoryReader.Read(unswept.AfterCrash([]).State, new KeyRange([0], [0]), 3, long.MaxValue, int.MaxValue)));
    }

    [Fact]
    public void History_RangeAndBounds_AreKept()
    {
        for (var i = 0; i < 6; i++)
            _replica.Put($"{(char)('a' + (i % 3))}", $"{i}");
        Assert.Equal("3: b PUT 1 | 6: b PUT 4 prev 1 | next 7",
            Describe(HistoryReader.Read(_replica.State, new KeyRange("b"u8, default), 2, 7, int.MaxValue)));
        Assert.Equal("3: b PUT 1 | next 4", Describe(HistoryReader.Read(_replica.State, new KeyRange("b"u8, default), 2, 7, 1)));
    }

    [Fact]
    public void History_BelowTheCompactedRevision_SaysSo()
    {
        for (var i = 0; i < 5; i++)
            _replica.Put("a", $"{i}");
        _replica.Compact(4);
        Assert.Equal(4, HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 3, 100, 100).CompactRevision);
        // The value before a compacted revision is not shown, even where it is still there.
        Assert.Equal("4: a PUT 2 | 5: a PUT 3 prev 2 | 6: a PUT 4 prev 3 | next 7",
            Describe(HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 4, 100, int.MaxValue)));
    }

    [Fact]
    public void EventWithPrevious_CompactedAfterTheEventWasRead_IsTheEventAlone()
    {
        _replica.Put("a", "1");
        _replica.Put("a", "2");
        var batch = HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 3, 4, int.MaxValue);
        Assert.Equal("3: a PUT 2 prev 1 | next 4", Describe(batch));

        _replica.Compact(3);
        Assert.Equal("3: a PUT 2 | next 4", Describe(batch));
    }

    private static string Describe(HistoryBatch batch) => string.Join(" | ", batch.Revisions
        .Select(static revision => $"{revision.Revision}: " + string.Join(" ; ", revision.Events.Select(Describe)))
        .Append($"next {batch.NextRevision}"));

    private static string Describe(FeedEvent change)
    {
        var message = EtcdApi.Mvccpb.Event.Parser.ParseFrom(change.EventWithPrevious.Span);
        var plain = EtcdApi.Mvccpb.Event.Parser.ParseFrom(change.Event.Span);
        Assert.Null(plain.PrevKv);
        Assert.Equal(plain.Kv, message.Kv);
        Assert.True(plain.Kv.Key.Span.SequenceEqual(change.Key.Span));
        Assert.Equal(message.Type == EtcdApi.Mvccpb.Event.Types.EventType.Delete, change.Kind == FeedEventKind.Delete);
        var previous = message.PrevKv is null ? "" : $" prev {message.PrevKv.Value.ToStringUtf8()}";
        return $"{message.Kv.Key.ToStringUtf8()} {message.Type.ToString().ToUpperInvariant()} {message.Kv.Value.ToStringUtf8()}{previous}";
    }

    private static string StoredRevisions(MemoryTree tree)
    {
        var found = new List<string>();
        using var snapshot = tree.OpenSnapshot();
        for (var row = snapshot.Seek(TableId.Revisions, []); row.MoveNext();)
        {
            Assert.True(RevisionKey.TryRead(row.Key, out var revision, out var tombstone));
            found.Add($"{revision}{(tombstone ? "t" : "")}");
        }
        return string.Join(' ', found);
    }

    // The textbook bit-by-bit form of the Castagnoli polynomial.
    private static uint Crc32C(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }
        return ~crc;
    }
}
