using ApiGateway.Core.Errors;
using ApiGateway.Core.Requests;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace ApiGateway.Tests.Core;

/// <summary>The validation tables of Put, Range, DeleteRange, Txn and LeaseGrant, over encoded requests.</summary>
public sealed class RequestCheckTests
{
    private static ByteString Key(string text) => ByteString.CopyFromUtf8(text);

    private static RequestOp Put(string key) => new() { RequestPut = new PutRequest { Key = Key(key) } };

    private static RequestOp Del(string key, string end = "") =>
        new() { RequestDeleteRange = new DeleteRangeRequest { Key = Key(key), RangeEnd = Key(end) } };

    private static RequestOp Get(string key, bool serializable = false) =>
        new() { RequestRange = new RangeRequest { Key = Key(key), Serializable = serializable } };

    private static RequestOp Nested(RequestOp[] success, RequestOp[]? failure = null) =>
        new() { RequestTxn = new TxnRequest { Success = { success }, Failure = { failure ?? [] } } };

    private static EtcdError Check(TxnRequest txn) => TxnCheck.Check(txn.ToByteArray(), 128, out _);

    private static EtcdError Check(params RequestOp[] success) => Check(new TxnRequest { Success = { success } });

    [Fact]
    public void Put_EmptyKey_Refused() => Assert.Equal(EtcdError.EmptyKey, PutCheck.Check(new PutRequest().ToByteArray()));

    [Fact]
    public void Put_IgnoreValueWithValue_Refused() => Assert.Equal(
        EtcdError.ValueProvided, PutCheck.Check(new PutRequest { Key = Key("a"), Value = Key("v"), IgnoreValue = true }.ToByteArray()));

    [Fact]
    public void Put_IgnoreLeaseWithLease_Refused() => Assert.Equal(
        EtcdError.LeaseProvided, PutCheck.Check(new PutRequest { Key = Key("a"), Lease = 1, IgnoreLease = true }.ToByteArray()));

    [Fact]
    public void Put_Ordinary_Passes() => Assert.Equal(
        EtcdError.None, PutCheck.Check(new PutRequest { Key = Key("a"), Value = Key("v"), Lease = 1 }.ToByteArray()));

    [Fact]
    public void Put_Garbage_Undecodable() => Assert.Equal(EtcdError.Undecodable, PutCheck.Check([0x0a, 0x05, 0x61]));

    [Fact]
    public void Range_EmptyKey_Refused() =>
        Assert.Equal(EtcdError.EmptyKey, RangeCheck.Check(new RangeRequest().ToByteArray(), out _, out _));

    [Fact]
    public void Range_UnknownSortTarget_Refused() => Assert.Equal(EtcdError.InvalidSortOption, RangeCheck.Check(
        new RangeRequest { Key = Key("a"), SortTarget = (RangeRequest.Types.SortTarget)9 }.ToByteArray(), out _, out _));

    [Fact]
    public void Range_Prefix_SaysHowToRead()
    {
        var request = new RangeRequest { Key = Key("a"), RangeEnd = Key("b"), Serializable = true };
        Assert.Equal(EtcdError.None, RangeCheck.Check(request.ToByteArray(), out var serializable, out var isSingleKey));
        Assert.True(serializable);
        Assert.False(isSingleKey);
    }

    [Fact]
    public void DeleteRange_EmptyKey_Refused() =>
        Assert.Equal(EtcdError.EmptyKey, DeleteRangeCheck.Check(new DeleteRangeRequest { RangeEnd = Key("a") }.ToByteArray()));

    [Theory]
    [InlineData(128, EtcdError.None)]
    [InlineData(129, EtcdError.TooManyOperations)]
    public void Txn_ManyOperations_LimitIs128(int count, EtcdError expected) =>
        Assert.Equal(expected, Check([.. Enumerable.Range(0, count).Select(i => Put($"k{i}"))]));

    [Fact]
    public void Txn_ManyCompares_CountedToo() => Assert.Equal(EtcdError.TooManyOperations, Check(
        new TxnRequest { Compare = { Enumerable.Range(0, 129).Select(_ => new Compare { Key = Key("a") }) } }));

    [Fact]
    public void Txn_NestedBudget_IsWhatTheParentLeaves()
    {
        RequestOp[] many = [.. Enumerable.Range(0, 127).Select(i => Put($"k{i}"))];
        Assert.Equal(EtcdError.None, Check(Nested(many)));
        Assert.Equal(EtcdError.TooManyOperations, Check(Nested([.. many, Put("x")])));
    }

    [Fact]
    public void Txn_CompareWithoutKey_Refused() => Assert.Equal(EtcdError.EmptyKey, Check(new TxnRequest { Compare = { new Compare() } }));

    [Fact]
    public void Txn_OperationWithNothingSet_Refused() => Assert.Equal(EtcdError.KeyNotFound, Check(new RequestOp()));

    [Fact]
    public void Txn_BadOperationInside_ItsOwnError() => Assert.Equal(
        EtcdError.ValueProvided,
        Check(new RequestOp { RequestPut = new PutRequest { Key = Key("a"), Value = Key("v"), IgnoreValue = true } }));

    [Fact]
    public void Txn_SameKeyTwice_Refused() => Assert.Equal(EtcdError.DuplicateKey, Check(Put("a"), Put("a")));

    [Fact]
    public void Txn_SameKeyInBothBranches_Passes() =>
        Assert.Equal(EtcdError.None, Check(new TxnRequest { Success = { Put("a") }, Failure = { Put("a") } }));

    [Theory]
    [InlineData("a", "c", "b", EtcdError.DuplicateKey)]
    [InlineData("a", "c", "c", EtcdError.None)]
    [InlineData("a", "", "a", EtcdError.DuplicateKey)]
    [InlineData("a", "", "b", EtcdError.None)]
    // As real etcd 3.5 answers: a range from the key on, and one that ends before it begins, cover nothing here.
    [InlineData("a", "\0", "b", EtcdError.None)]
    [InlineData("z", "a", "b", EtcdError.None)]
    public void Txn_PutInDeleteRange_RefusedInEitherOrder(string key, string end, string put, EtcdError expected)
    {
        Assert.Equal(expected, Check(Del(key, end), Put(put)));
        Assert.Equal(expected, Check(Put(put), Del(key, end)));
    }

    [Fact]
    public void Txn_OverlappingDeletes_Pass() => Assert.Equal(EtcdError.None, Check(Del("a", "c"), Del("b", "d")));

    [Fact]
    public void Txn_NestedBranches_ExcludeEachOther()
    {
        Assert.Equal(EtcdError.None, Check(Nested([Put("a")], [Put("a")])));
        Assert.Equal(EtcdError.DuplicateKey, Check(Put("a"), Nested([Get("x")], [Put("a")])));
        Assert.Equal(EtcdError.DuplicateKey, Check(Nested([Put("a")]), Nested([Put("a")])));
        Assert.Equal(EtcdError.DuplicateKey, Check(Del("a", "b"), Nested([Put("a")])));
    }

    [Fact]
    public void Txn_Shape_SaysWhetherItNeedsTheLog()
    {
        TxnCheck.Check(new TxnRequest { Success = { Get("a", true) }, Failure = { Nested([Get("b")]) } }.ToByteArray(), 128, out var reads);
        Assert.Equal(new TxnShape(IsReadOnly: true, IsSerializable: false), reads);
        TxnCheck.Check(new TxnRequest { Success = { Get("a", true) }, Failure = { Nested([Put("b")]) } }.ToByteArray(), 128, out var writes);
        Assert.False(writes.IsReadOnly);
        TxnCheck.Check(new TxnRequest { Success = { Get("a", true) } }.ToByteArray(), 128, out var local);
        Assert.True(local.IsSerializable);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(-7, 2)]
    [InlineData(60, 60)]
    public void LeaseGrant_SmallTtl_Raised(long asked, long granted)
    {
        Assert.Equal(EtcdError.None, LeaseGrantRule.Decide(asked, 2, out var seconds));
        Assert.Equal(granted, seconds);
    }

    [Fact]
    public void LeaseGrant_HugeTtl_Refused() => Assert.Equal(EtcdError.LeaseTtlTooLarge, LeaseGrantRule.Decide(9_000_000_001, 2, out _));
}
