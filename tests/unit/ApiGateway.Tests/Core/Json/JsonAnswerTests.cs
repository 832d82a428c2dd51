using ApiGateway.Core.Errors;
using ApiGateway.Core.Json;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;

namespace ApiGateway.Tests.Core.Json;

/// <summary>Goal: answers are etcd 3.5's, byte for byte. Method: messages with what has a form of its own.</summary>
public sealed class JsonAnswerTests
{
    private static readonly ResponseHeader s_header = new() { ClusterId = ulong.MaxValue, MemberId = 1, Revision = 3, RaftTerm = 2 };

    [Fact]
    public void Range_NumbersBytesAndDefaults_AreWrittenAsEtcdWritesThem() => Assert.Equal(
        """{"header":{"cluster_id":"18446744073709551615","member_id":"1","revision":"3","raft_term":"2"},"kvs":[{"key":"Zm9v","create_revision":"2","mod_revision":"4","version":"3","value":"YmFy","lease":"-1"},{}],"count":"1"}""",
        JsonAnswer.Of(new RangeResponse
        {
            Header = s_header,
            Kvs =
            {
                new KeyValue
                {
                    Key = ByteString.CopyFromUtf8("foo"), CreateRevision = 2, ModRevision = 4, Version = 3, Value = ByteString.CopyFromUtf8("bar"), Lease = -1,
                },
                new KeyValue(),
            },
            Count = 1,
        }));

    [Fact]
    public void Watch_EnumsAndFlags_AreNamed() => Assert.Equal(
        "{\"result\":{\"created\":true,\"events\":[{},{\"type\":\"DELETE\",\"kv\":{}},{\"type\":7}]}}\n",
        JsonAnswer.OfStream(new WatchResponse
        {
            Created = true,
            Events = { new Event(), new Event { Type = Event.Types.EventType.Delete, Kv = new KeyValue() }, new Event { Type = (Event.Types.EventType)7 } },
        }));

    [Fact]
    public void SmallNumbersAndTexts_AreWrittenAsGoWritesThem() => Assert.Equal(
        """{"hash":4294967295,"compact_revision":"-1"}""", JsonAnswer.Of(new HashKVResponse { Hash = uint.MaxValue, CompactRevision = -1 }));

    [Fact]
    public void Text_IsEscapedAsGoEscapesIt() => Assert.Equal(
        """{"users":["\u003ca\u0026b\u003e","é\"\\\n\u0001"]}""", JsonAnswer.Of(new AuthUserListResponse { Users = { "<a&b>", "é\"\\\n\u0001" } }));

    [Fact]
    public void Error_HasItsTextTwice() => Assert.Equal(
        """{"error":"etcdserver: key is not provided","code":3,"message":"etcdserver: key is not provided"}""",
        JsonAnswer.OfError(EtcdErrors.Status(EtcdError.EmptyKey)));

    [Fact]
    public void StreamError_NamesBothCodes() => Assert.Equal(
        """{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}""",
        JsonAnswer.OfStreamError(EtcdErrors.Status(EtcdError.NoLeader)));

    [Theory]
    [InlineData(1, 408)]
    [InlineData(2, 500)]
    [InlineData(3, 400)]
    [InlineData(4, 504)]
    [InlineData(5, 404)]
    [InlineData(6, 409)]
    [InlineData(7, 403)]
    [InlineData(8, 429)]
    [InlineData(9, 400)]
    [InlineData(10, 409)]
    [InlineData(11, 400)]
    [InlineData(12, 501)]
    [InlineData(13, 500)]
    [InlineData(14, 503)]
    [InlineData(15, 500)]
    [InlineData(16, 401)]
    public void HttpStatus_OfEveryCode_IsTheTables(int code, int status) => Assert.Equal(status, HttpStatus.Of((RpcCode)code).Status);
}
