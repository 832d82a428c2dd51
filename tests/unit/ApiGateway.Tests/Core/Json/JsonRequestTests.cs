using System.Text;
using ApiGateway.Core.Json;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ApiGateway.Tests.Core.Json;

/// <summary>Goal: JSON becomes the request that etcd's gateway makes of it, or its error. Method: single values; the texts are those of etcd 3.4.23, which has the same gateway.</summary>
public sealed class JsonRequestTests
{
    private static string? Encode(MessageDescriptor type, string json, out byte[] message)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var scanner = new JsonScanner();
        var length = scanner.Scan(bytes);
        Assert.True(scanner.IsDone || scanner.End(), scanner.Error ?? "cut short");
        return JsonRequest.TryEncode(type, bytes.AsSpan(0, length), out message);
    }

    private static T Parse<T>(MessageParser<T> parser, string json)
        where T : IMessage<T>, new()
    {
        Assert.Null(Encode(new T().Descriptor, json, out var message));
        return parser.ParseFrom(message);
    }

    [Theory]
    [InlineData("""{"key":"YQ==","range_end":"Yg==","limit":5,"keys_only":true}""")]
    [InlineData("""{"key":"YQ==","rangeEnd":"Yg==","limit":"5","keysOnly":true,"unknown":{"a":[1,{"b":"}"}]}}""")]
    [InlineData(""" { "keysOnly" : true , "limit" : "5" , "key" : "\u0059Q==" , "rangeEnd":"Yg==" } """)]
    [InlineData("""{"key":[97],"range_end":[98],"limit":5,"keys_only":true,"sort_order":null}""")]
    [InlineData("""{"key":"Yg==","key":"YQ==","range_end":"Y\ng==","limit":5,"keys_only":true}""")]
    public void Range_InAnyForm_IsTheSame(string json) => Assert.Equal(
        new RangeRequest { Key = ByteString.CopyFromUtf8("a"), RangeEnd = ByteString.CopyFromUtf8("b"), Limit = 5, KeysOnly = true },
        Parse(RangeRequest.Parser, json.Replace("\\ng", "\\ng", StringComparison.Ordinal)));

    [Theory]
    [InlineData("""{"sort_order":"DESCEND","sort_target":"MOD"}""", 2, 3)]
    [InlineData("""{"sortOrder":2,"sortTarget":3}""", 2, 3)]
    [InlineData("""{"sort_order":77}""", 77, 0)]
    public void Enum_NameOrNumber_IsTaken(string json, int order, int target)
    {
        var request = Parse(RangeRequest.Parser, json);
        Assert.Equal((order, target), ((int)request.SortOrder, (int)request.SortTarget));
    }

    [Fact]
    public void Txn_OfAllKindsOfOperations_IsTaken()
    {
        var txn = Parse(TxnRequest.Parser, """
            {"compare":[{"target":"VERSION","key":"YQ==","version":"0"},{"result":"NOT_EQUAL","target":"VALUE","value":"Yg=="}],
             "success":[{"request_put":{"key":"YQ=="}},{"requestDeleteRange":{"key":"Yg=="}},{"request_txn":{"success":[{"request_range":{}}]}}],
             "failure":[null,{}]}
            """);
        Assert.Equal([Compare.TargetUnionOneofCase.Version, Compare.TargetUnionOneofCase.Value], txn.Compare.Select(c => c.TargetUnionCase));
        Assert.Equal(
            [RequestOp.RequestOneofCase.RequestPut, RequestOp.RequestOneofCase.RequestDeleteRange, RequestOp.RequestOneofCase.RequestTxn],
            txn.Success.Select(op => op.RequestCase));
        Assert.Equal(2, txn.Failure.Count);
    }

    [Theory]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("\"-9223372036854775808\"", long.MinValue)]
    [InlineData("\" 5 \"", 5)]
    [InlineData("\"null\"", 0)]
    [InlineData("-0", 0)]
    public void Int64_InAnyForm_IsTaken(string json, long value) => Assert.Equal(value, Parse(LeaseGrantRequest.Parser, $$"""{"ID":{{json}}}""").ID);

    [Theory]
    [InlineData("""{"limit":"x"}""", "invalid character 'x' looking for beginning of value")]
    [InlineData("""{"limit":""}""", "unexpected end of JSON input")]
    [InlineData("""{"limit":"1e"}""", "invalid character ' ' in exponent of numeric literal")]
    [InlineData("""{"limit":"-"}""", "invalid character ' ' in numeric literal")]
    [InlineData("""{"limit":"t"}""", "invalid character ' ' in literal true (expecting 'r')")]
    [InlineData("""{"limit":"1 2"}""", "invalid character '2' after top-level value")]
    [InlineData("""{"limit":1.5}""", "json: cannot unmarshal number 1.5 into Go value of type int64")]
    [InlineData("""{"limit":1e3}""", "json: cannot unmarshal number 1e3 into Go value of type int64")]
    [InlineData("""{"limit":9223372036854775808}""", "json: cannot unmarshal number 9223372036854775808 into Go value of type int64")]
    [InlineData("""{"limit":true}""", "json: cannot unmarshal bool into Go value of type int64")]
    [InlineData("""{"limit":[]}""", "json: cannot unmarshal array into Go value of type int64")]
    [InlineData("""{"key":5}""", "json: cannot unmarshal number into Go value of type []uint8")]
    [InlineData("""{"key":"*"}""", "illegal base64 data at input byte 0")]
    [InlineData("""{"key":"YQ="}""", "illegal base64 data at input byte 3")]
    [InlineData("""{"key":"YQ"}""", "illegal base64 data at input byte 0")]
    [InlineData("""{"key":"YQ==x"}""", "illegal base64 data at input byte 4")]
    [InlineData("""{"keys_only":"true"}""", "json: cannot unmarshal string into Go value of type bool")]
    [InlineData("""{"keys_only":1}""", "json: cannot unmarshal number into Go value of type bool")]
    [InlineData("""{"sort_order":"X"}""", "unknown value \"X\" for enum etcdserverpb.RangeRequest_SortOrder")]
    [InlineData("""{"sort_order":"\u0041SCEND"}""", """unknown value "\\u0041SCEND" for enum etcdserverpb.RangeRequest_SortOrder""")]
    [InlineData("""{"sort_order":[]}""", "json: cannot unmarshal array into Go value of type etcdserverpb.RangeRequest_SortOrder")]
    [InlineData("""{"sort_target":1e3}""", "json: cannot unmarshal number 1e3 into Go value of type etcdserverpb.RangeRequest_SortTarget")]
    [InlineData("[]", "json: cannot unmarshal array into Go value of type map[string]json.RawMessage")]
    [InlineData("5", "json: cannot unmarshal number into Go value of type map[string]json.RawMessage")]
    public void Range_OfAWrongKind_SaysWhat(string json, string error) => Assert.Equal(error, Encode(RangeRequest.Descriptor, json, out _));

    [Fact]
    public void Compare_SeveralOfAWrongKind_TellsOfTheOneOutsideAnyOneofFirst() => Assert.Equal(
        "json: cannot unmarshal number into Go value of type []uint8", Encode(Compare.Descriptor, """{"version":[],"range_end":5}""", out _));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    public void Nothing_IsTheEmptyRequest(string json) => Assert.Equal(new RangeRequest(), Parse(RangeRequest.Parser, json));

    [Fact]
    public void Txn_NestedWithoutEnd_IsRefused()
    {
        const int Depth = 3_000;
        var json = string.Concat(Enumerable.Repeat("""{"success":[{"request_txn":""", Depth)) + "{}" + string.Concat(Enumerable.Repeat("}]}", Depth));
        Assert.Equal("exceeded max depth", Encode(TxnRequest.Descriptor, json, out _));
    }

    [Fact]
    public void Text_OfAnyCharacters_IsTakenAsGoTakesIt()
    {
        var request = Parse(AuthUserAddRequest.Parser, """{"name":"\u00e9\ud83d\ude00\ud83d\"\\\/\b\f\n\r\t\u0000"}""");
        Assert.Equal("é😀\ufffd\"\\/\b\f\n\r\t\0", request.Name);
    }
}
