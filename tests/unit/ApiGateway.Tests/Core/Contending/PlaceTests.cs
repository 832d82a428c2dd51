using ApiGateway.Core.Contending;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;

namespace ApiGateway.Tests.Core.Contending;

/// <summary>Goal: keys and ranks of contenders are etcd's. Method: single answers.</summary>
public sealed class PlaceTests
{
    private static readonly ByteString s_name = ByteString.CopyFromUtf8("n");

    [Theory]
    [InlineData("mylock", 0x581ba2033fa8522c, "mylock/581ba2033fa8522c")]
    [InlineData("", 10, "/a")]
    [InlineData("n", -10, "n/-a")]
    [InlineData("n", long.MinValue, "n/-8000000000000000")]
    public void Key_OfALease_IsInGosHex(string name, long lease, string key) =>
        Assert.Equal(key, OwnerKey.Of(ByteString.CopyFromUtf8(name), lease).ToStringUtf8());

    [Fact]
    public void Range_OfAName_HoldsItsKeysAlone() =>
        Assert.Equal(("n/", "n0"), (OwnerKey.Prefix(s_name).ToStringUtf8(), OwnerKey.RangeEnd(s_name).ToStringUtf8()));

    [Fact]
    public void NewPlace_BehindAnother_IsNotTheHolder()
    {
        var place = Place.Read(s_name, 1, Answer(isNew: true, revision: 9, own: null, holder: 5));
        Assert.Equal((9L, false, (ByteString?)null), (place.CreateRevision, place.IsHolder, place.Value));
    }

    [Fact]
    public void NewPlace_Alone_IsTheHolder() => Assert.True(Place.Read(s_name, 1, Answer(isNew: true, revision: 9, own: null, holder: 9)).IsHolder);

    [Fact]
    public void OldPlace_KeepsItsRank()
    {
        var own = new KeyValue { CreateRevision = 7, Value = ByteString.CopyFromUtf8("v") };
        var place = Place.Read(s_name, 1, Answer(isNew: false, revision: 9, own, holder: 7));
        Assert.Equal((7L, true, "v"), (place.CreateRevision, place.IsHolder, place.Value!.ToStringUtf8()));
    }

    private static TxnResponse Answer(bool isNew, long revision, KeyValue? own, long holder) => new()
    {
        Header = new ResponseHeader { Revision = revision },
        Succeeded = isNew,
        Responses =
        {
            own is null
                ? new ResponseOp { ResponsePut = new PutResponse() }
                : new ResponseOp { ResponseRange = new RangeResponse { Kvs = { own } } },
            new ResponseOp { ResponseRange = new RangeResponse { Kvs = { new KeyValue { CreateRevision = holder } } } },
        },
    };
}
