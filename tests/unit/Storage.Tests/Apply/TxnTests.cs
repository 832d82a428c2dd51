using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Tests.Harness;
using static EtcdApi.Etcdserverpb.Compare.Types;

namespace Storage.Tests.Apply;

/// <summary>Goal: the rules of Txn. Method: one txn per rule.</summary>
public sealed class TxnTests
{
    private readonly Replica _replica = new();

    [Fact]
    public void Txn_Empty_SucceedsWithoutRevision()
    {
        Assert.True(_replica.Ok<TxnResponse>(new TxnRequest()).Succeeded);
        Assert.Equal(1, _replica.State.Current.Revision);
    }

    [Fact]
    public void Txn_Writes_ShareOneRevisionAndLaterOpsSeeEarlierOnes()
    {
        _replica.Put("a", "0");
        var response = _replica.Ok<TxnResponse>(Requests.Txn([],
        [
            Requests.Range("a", "\0"), Requests.Put("b", "1"), Requests.Range("a", "\0"), Requests.Delete("a"), Requests.Range("a", "\0"),
        ]));
        Assert.Equal(3, _replica.State.Current.Revision);
        Assert.Equal((2, 1), (response.Responses[0].ResponseRange.Header.Revision, response.Responses[0].ResponseRange.Count));
        Assert.Equal(3, response.Responses[1].ResponsePut.Header.Revision);
        Assert.Equal((3, 2), (response.Responses[2].ResponseRange.Header.Revision, response.Responses[2].ResponseRange.Count));
        Assert.Equal((3, 1), (response.Responses[3].ResponseDeleteRange.Header.Revision, response.Responses[3].ResponseDeleteRange.Deleted));
        Assert.Equal("b=1 c3 m3 v1 l0", response.Responses[4].ResponseRange.Kvs.Single().Show());
    }

    [Fact]
    public void Txn_DeleteOfNothing_TakesNoRevision()
    {
        _replica.Put("a", "0");
        var response = _replica.Ok<TxnResponse>(Requests.Txn([], [Requests.Delete("x")]));
        Assert.Equal(2, response.Responses[0].ResponseDeleteRange.Header.Revision);
        Assert.Equal(2, _replica.State.Current.Revision);
    }

    [Fact]
    public void Txn_CompareFails_TakesTheFailureBranch()
    {
        _replica.Put("a", "0");
        var response = _replica.Ok<TxnResponse>(Requests.Txn([Requests.ModIs("a", 9)], [Requests.Put("a", "1")], [Requests.Range("a")]));
        Assert.False(response.Succeeded);
        Assert.Equal("a=0 c2 m2 v1 l0", response.Responses.Single().ResponseRange.Kvs.Single().Show());
        Assert.Equal(2, _replica.State.Current.Revision);
    }

    [Fact]
    public void Txn_NestedCompares_SeeTheStateBeforeTheTxn()
    {
        var inner = Requests.Txn([Requests.VersionIs("a", 0)], [Requests.Put("in", "yes")], [Requests.Put("in", "no")]);
        var response = _replica.Ok<TxnResponse>(Requests.Txn([], [Requests.Put("a", "1"), inner, Requests.Range("in")]));
        Assert.True(response.Responses[1].ResponseTxn.Succeeded);
        Assert.Equal(0, response.Responses[1].ResponseTxn.Header.Revision);
        Assert.Equal("yes", response.Responses[2].ResponseRange.Kvs.Single().Value.ToStringUtf8());
        Assert.Equal(2, _replica.State.Current.Revision);
    }

    [Theory]
    [InlineData(CompareTarget.Version, 2, CompareResult.Equal, true)]
    [InlineData(CompareTarget.Version, 1, CompareResult.Greater, true)]
    [InlineData(CompareTarget.Version, 3, CompareResult.Less, true)]
    [InlineData(CompareTarget.Version, 2, CompareResult.NotEqual, false)]
    [InlineData(CompareTarget.Create, 2, CompareResult.Equal, true)]
    [InlineData(CompareTarget.Mod, 3, CompareResult.Equal, true)]
    [InlineData(CompareTarget.Mod, 2, CompareResult.Greater, true)]
    [InlineData(CompareTarget.Lease, 5, CompareResult.Equal, true)]
    [InlineData((CompareTarget)17, 5, CompareResult.Equal, true)]
    [InlineData(CompareTarget.Version, 9, (CompareResult)17, true)]
    public void Compare_Numbers_StoredValueIsOnTheLeft(CompareTarget target, long operand, CompareResult result, bool holds)
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 10 });
        _replica.Put("a", "1");
        _replica.Put("a", "2", lease: 5);
        var compare = new Compare { Key = Requests.Utf8("a"), Target = target, Result = result };
        switch (target)
        {
            case CompareTarget.Create: compare.CreateRevision = operand; break;
            case CompareTarget.Mod: compare.ModRevision = operand; break;
            case CompareTarget.Lease: compare.Lease = operand; break;
            default: compare.Version = operand; break;
        }
        AssertHolds(compare, holds);
    }

    [Theory]
    [InlineData("2", CompareResult.Equal, true)]
    [InlineData("1", CompareResult.Greater, true)]
    [InlineData("3", CompareResult.Less, true)]
    [InlineData("2", CompareResult.NotEqual, false)]
    public void Compare_Values_AreComparedAsBytes(string operand, CompareResult result, bool holds)
    {
        _replica.Put("a", "2");
        AssertHolds(Requests.ValueIs("a", operand, result), holds);
    }

    [Fact]
    public void Compare_MissingKey_CountsAsZeroAndHasNoValue()
    {
        AssertHolds(Requests.VersionIs("x", 0), true);
        AssertHolds(Requests.ModIs("x", 0), true);
        AssertHolds(new Compare { Key = Requests.Utf8("x"), Target = CompareTarget.Lease }, true);
        foreach (var result in Enum.GetValues<CompareResult>())
            AssertHolds(Requests.ValueIs("x", "", result), false);
    }

    [Fact]
    public void Compare_OperandOfAnotherKind_CountsAsZero()
    {
        _replica.Put("a", "1");
        AssertHolds(new Compare { Key = Requests.Utf8("a"), Target = CompareTarget.Version, ModRevision = 1, Result = CompareResult.Greater }, true);
        AssertHolds(new Compare { Key = Requests.Utf8("a"), Target = CompareTarget.Value, Version = 1, Result = CompareResult.Equal }, false);
    }

    [Fact]
    public void Compare_Range_MustHoldForEveryKey()
    {
        _replica.Put("a", "1");
        _replica.Put("b", "2");
        AssertHolds(Requests.ValueIs("a", "0", CompareResult.Greater, end: "c"), true);
        AssertHolds(Requests.ValueIs("a", "1", CompareResult.Greater, end: "c"), false);
        AssertHolds(Requests.ValueIs("x", "1", CompareResult.NotEqual, end: "z"), false);
        var empty = Requests.VersionIs("x", 0);
        empty.RangeEnd = Requests.Utf8("z");
        AssertHolds(empty, true);
    }

    [Fact]
    public void Txn_InvalidOperationOnThePath_AppliesNothing()
    {
        _replica.Put("a", "1");
        _replica.Put("a", "2");
        _replica.Compact(3);
        AssertRefused(StorageError.LeaseNotFound, Requests.Put("z", "1", lease: 77));
        AssertRefused(StorageError.KeyNotFound, Requests.Put("z", "", ignoreValue: true));
        AssertRefused(StorageError.FutureRevision, Requests.Range("a", revision: 4));
        AssertRefused(StorageError.Compacted, Requests.Range("a", revision: 2));
        AssertRefused(StorageError.Compacted, Requests.Txn([], [Requests.Range("a", revision: 2)]));
    }

    [Fact]
    public void Txn_SeveralInvalidOperations_PutsAreReportedBeforeRanges()
    {
        _replica.Put("a", "1");
        var future = Requests.Range("a", revision: 9);
        Assert.Equal(StorageError.KeyNotFound, _replica.Do(Requests.Txn([], [future, Requests.Put("z", "", ignoreValue: true)])).Error);
        Assert.Equal(
            StorageError.LeaseNotFound, _replica.Do(Requests.Txn([], [future, Requests.Txn([], [Requests.Put("z", "", lease: 77)])])).Error);
        Assert.Equal(StorageError.FutureRevision, _replica.Do(Requests.Txn([], [Requests.Put("a", "2"), Requests.Txn([], [future])])).Error);
        Assert.Equal("a=1 c2 m2 v1 l0", _replica.Dump());

        // A put that lacks both its key and its lease says so in one order alone and in the other inside a txn, as etcd does.
        var both = Requests.Put("z", "", lease: 77, ignoreValue: true);
        Assert.Equal(StorageError.LeaseNotFound, _replica.Do(both).Error);
        Assert.Equal(StorageError.KeyNotFound, _replica.Do(Requests.Txn([], [both])).Error);
    }

    [Fact]
    public void Txn_RangeAtANegativeRevision_IsCompactedOnceAnythingWas()
    {
        _replica.Put("a", "1");
        var range = Requests.Txn([], [Requests.Range("a", revision: -1)]);
        Assert.Single(_replica.Ok<TxnResponse>(range).Responses[0].ResponseRange.Kvs);
        _replica.Compact(2);
        Assert.Equal(StorageError.Compacted, _replica.Do(range).Error);
        Assert.Equal(StorageError.Compacted, StateReads.Txn(_replica.State, range.ToByteArray(), out _).Error);
        Assert.Equal(StorageError.None, _replica.RangeError(Requests.Range("a", revision: -1)));
    }

    [Fact]
    public void Txn_InvalidOperationOffThePath_DoesNotMatter()
    {
        var response = _replica.Ok<TxnResponse>(Requests.Txn([], [Requests.Put("a", "1")], [Requests.Put("z", "1", lease: 77)]));
        Assert.True(response.Succeeded);
    }

    [Fact]
    public void ReadOnlyTxn_OnAView_AnswersAsThroughTheLog()
    {
        _replica.Put("a", "1");
        _replica.Put("b", "2");
        var txn = Requests.Txn([Requests.ValueIs("a", "1")],
            [Requests.Range("a"), Requests.Txn([Requests.VersionIs("b", 7)], [], [Requests.Range("b"), Requests.Range("a", revision: 2)])]);
        var read = StateReads.Txn(_replica.State, txn.ToByteArray(), out _);
        Assert.Equal(StorageError.None, read.Error);
        Assert.Equal(_replica.Do(txn).Body.ToArray(), read.Body.ToArray());
        Assert.Equal(3, TxnResponse.Parser.ParseFrom(read.Body.Span).Responses[0].ResponseRange.Header.Revision);
        Assert.Equal(StorageError.FutureRevision, StateReads.Txn(_replica.State, Requests.Txn([], [Requests.Range("a", revision: 9)]).ToByteArray(), out _).Error);
        Assert.Equal(StorageError.Malformed, StateReads.Txn(_replica.State, Requests.Txn([], [Requests.Put("a", "1")]).ToByteArray(), out _).Error);
    }

    [Fact]
    public void ReadOnlyTxn_OnAnOldView_ComparesWhatThatViewSaw()
    {
        _replica.Put("a", "1");
        var old = new Core.State.PublishedState(_replica.State.Current);
        _replica.Put("a", "2");
        var read = StateReads.Txn(old, Requests.Txn([Requests.VersionIs("a", 1), Requests.ModIs("a", 2)], [Requests.Range("a")]).ToByteArray(), out _);
        var response = TxnResponse.Parser.ParseFrom(read.Body.Span);
        Assert.True(response.Succeeded);
        Assert.Equal("a=1 c2 m2 v1 l0", response.Responses[0].ResponseRange.Kvs.Single().Show());
    }

    [Fact]
    public void Txn_NestedWithoutEnd_IsMalformedAndNoStackOverflow()
    {
        byte[] txn = [];
        for (var depth = 0; depth < 5_000; depth++)
            txn = Wrap(txn);
        Assert.Equal(StorageError.Malformed, _replica.Apply(CommandKind.Txn, txn).Error);

        static byte[] Wrap(byte[] inner)
        {
            using var op = new MemoryStream();
            var coded = new CodedOutputStream(op, leaveOpen: true);
            coded.WriteTag(4, WireFormat.WireType.LengthDelimited);
            coded.WriteBytes(ByteString.CopyFrom(inner));
            coded.Flush();
            using var txn = new MemoryStream();
            coded = new CodedOutputStream(txn, leaveOpen: true);
            coded.WriteTag(2, WireFormat.WireType.LengthDelimited);
            coded.WriteBytes(ByteString.CopyFrom(op.ToArray()));
            coded.Flush();
            return txn.ToArray();
        }
    }

    private void AssertHolds(Compare compare, bool holds) =>
        Assert.Equal(holds, _replica.Ok<TxnResponse>(Requests.Txn([compare], [])).Succeeded);

    private void AssertRefused(StorageError error, IMessage operation)
    {
        var before = _replica.Dump();
        var result = _replica.Do(Requests.Txn([], [Requests.Put("first", "1"), operation]));
        Assert.Equal((error, 3), (result.Error, result.Revision));
        Assert.Equal(before, _replica.Dump());
    }

    /// <summary>A command cannot be undone for its answer's sake: it takes effect, and the answer is refused.</summary>
    [Theory]
    [InlineData("range")]
    [InlineData("nested range")]
    [InlineData("delete")]
    [InlineData("many ranges")]
    public void Txn_AnswerTooLarge_TakesEffectAndSaysSo(string what)
    {
        var replica = new Replica(options: new() { MaxAnswerBytes = 1_000 });
        for (var i = 0; i < 8; i++)
            replica.Put($"large/{i}", new string('x', 200));
        IMessage all = what == "delete" ? Requests.Delete("large/", "large0", prev: true)
            : what == "many ranges" ? Requests.Range("large/", "large2") : Requests.Range("large/", "large0");
        IMessage operation = what == "nested range" ? Requests.Txn([], [all]) : all;
        var result = replica.Do(Requests.Txn([], what == "many ranges" ? [operation, operation, operation, operation, Requests.Put("a", "1")] : [operation, Requests.Put("a", "1")]));
        Assert.Equal(StorageError.AnswerTooLarge, result.Error);
        Assert.Equal(10, replica.State.Current.Revision);
        // The same command without what is too much.
        Assert.Equal(StorageError.None, replica.Do(Requests.Txn([], [Requests.Range("a"), Requests.Put("a", "2")])).Error);
    }

    [Fact]
    public void Body_BeyondItsLimit_KeepsNothingAndGoesOn()
    {
        var body = new BodyBuffer(maxBytes: 100);
        for (var i = 0; i < 50; i++)
        {
            body.GetSpan(10)[..10].Fill(1);
            body.Advance(10);
            Assert.Equal(i >= 10, body.IsTooLarge);
        }
        Assert.Equal(0, body.Length);
        body.Clear();
        Assert.False(body.IsTooLarge);
    }
}
