using ApiGateway.Core.Requests;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;

namespace ApiGateway.Tests.Core;

/// <summary>Goal: what a request counts as against the quota. Method: encoded requests, etcd's numbers.</summary>
public sealed class SpaceCostTests
{
    [Fact]
    public void Put_KeyValueAndOverhead() => Assert.Equal(3 + 5 + 256, SpaceCost.OfPut(Put("key", "value").RequestPut.ToByteArray()));

    [Fact]
    public void Txn_TheDearerBranch() => Assert.Equal(
        2 * (1 + 1 + 256), Cost(new TxnRequest { Success = { Put("a", "1") }, Failure = { Put("b", "2"), Put("c", "3"), Delete() } }));

    [Fact]
    public void Txn_WithoutPuts_NeedsNothing() => Assert.Equal(0, Cost(new TxnRequest { Success = { Delete() } }));

    [Fact]
    public void Txn_InsideATxn_Counts() => Assert.Equal(
        1 + 1 + 256, Cost(new TxnRequest { Success = { new RequestOp { RequestTxn = new TxnRequest { Failure = { Put("a", "1") } } } } }));

    private static int Cost(TxnRequest txn) => SpaceCost.OfTxn(txn.ToByteArray());

    private static RequestOp Put(string key, string value) =>
        new() { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) } };

    private static RequestOp Delete() => new() { RequestDeleteRange = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8("a") } };
}
