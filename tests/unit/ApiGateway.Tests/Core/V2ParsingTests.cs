using ApiGateway.Core.V2;
using Storage.Contracts.Commands;

namespace ApiGateway.Tests.Core;

/// <summary>Parameters of /v2/keys, their order of checks, paths, bodies.</summary>
public sealed class V2ParsingTests
{
    private static V2Error? Parse(string query, out V2Request? request, string method = "PUT")
    {
        var form = new FormValues();
        Assert.Equal("", form.Add(query));
        return V2RequestParser.Parse(method, "/k", form, out request);
    }

    [Theory]
    [InlineData("ttl=bar", 202, "invalid value for \"ttl\"")]
    [InlineData("ttl=-1", 202, "invalid value for \"ttl\"")]
    [InlineData("prevIndex=bar", 203, "invalid value for \"prevIndex\"")]
    [InlineData("waitIndex=1.5", 203, "invalid value for \"waitIndex\"")]
    [InlineData("recursive=bar", 209, "invalid value for \"recursive\"")]
    [InlineData("dir=", 209, "invalid value for \"dir\"")]
    [InlineData("prevExist=bar", 209, "invalid value for prevExist")]
    [InlineData("refresh=", 209, "invalid value for refresh")]
    [InlineData("noValueOnSuccess=yes", 209, "invalid value for \"noValueOnSuccess\"")]
    [InlineData("wait=true", 209, "\"wait\" can only be used with GET requests")]
    [InlineData("prevValue=", 201, "\"prevValue\" cannot be empty")]
    [InlineData("refresh=true&ttl=4&value=1", 211, "A value was provided on a refresh")]
    [InlineData("refresh=true", 212, "No TTL value set")]
    // The first check that fails is the answer, whatever the order of the parameters.
    [InlineData("ttl=bar&dir=x&prevIndex=y", 203, "invalid value for \"prevIndex\"")]
    [InlineData("prevExist=x&ttl=bar", 202, "invalid value for \"ttl\"")]
    [InlineData("prevValue=&wait=1", 209, "\"wait\" can only be used with GET requests")]
    public void Parse_BadParameter_EtcdsError(string query, int code, string cause)
    {
        Assert.Equal(new V2Error(code, cause, 0), Parse(query, out var request));
        Assert.Null(request);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("t")]
    [InlineData("T")]
    [InlineData("TRUE")]
    [InlineData("true")]
    [InlineData("True")]
    public void Parse_GoBoolean_Accepted(string text)
    {
        Assert.Null(Parse($"dir={text}&prevExist={text}", out var request));
        Assert.True(request!.Dir);
        Assert.True(request.PrevExist);
    }

    [Fact]
    public void Parse_EmptyTtl_Permanent()
    {
        Assert.Null(Parse("ttl=&value=x", out var request));
        Assert.Null(request!.TtlSeconds);
    }

    [Fact]
    public void Form_BodyAndQuery_BodyWins()
    {
        var form = new FormValues();
        form.Add("value=body");
        form.Add("value=query&ttl=5");
        Assert.Equal("body", form.Find("value"));
        Assert.Equal("5", form.Find("ttl"));
    }

    [Theory]
    [InlineData("value=%zz", "invalid URL escape \"%zz\"")]
    [InlineData("value=%4", "invalid URL escape \"%4\"")]
    [InlineData("a;b", "invalid semicolon separator in query")]
    [InlineData("value=a+b%20%C3%A9", "")]
    public void Form_Encoding_GosErrors(string encoded, string error) => Assert.Equal(error, new FormValues().Add(encoded));

    [Fact]
    public void Form_PlusAndEscapes_Decoded()
    {
        var form = new FormValues();
        form.Add("value=a+b%2B%C3%A9\u00e9");
        Assert.Equal("a b+\u00e9\u00e9", form.Find("value"));
    }

    [Fact]
    public void Command_ValuesThatAreNoText_TravelAsTheyWereSent()
    {
        Assert.Null(Parse("value=%ff%feA&prevValue=%00%c3", out var request));
        var command = V2WriteRule.Command("PUT", request!, 0);
        Assert.Equal([0xff, 0xfe, 0x41], command.Value.ToByteArray());
        Assert.Equal([0x00, 0xc3], command.PrevValue.ToByteArray());
    }

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("{\"peerURLs\":[", "unexpected end of JSON input")]
    [InlineData("?", "invalid character '?' looking for beginning of value")]
    [InlineData("{}", "no valid URLs given")]
    [InlineData("{\"peerURLs\":null}", "no valid URLs given")]
    [InlineData("{\"peerURLs\":[\"10.0.0.1:2380\"]}", "URL scheme must be http, https, unix, or unixs: 10.0.0.1:2380")]
    [InlineData("{\"peerURLs\":[\"http://10.0.0.1\"]}", "URL address does not have the form \"host:port\": http://10.0.0.1")]
    [InlineData("{\"peerURLs\":[\"http://a:1:2\"]}", "URL address does not have the form \"host:port\": http://a:1:2")]
    [InlineData("{\"peerURLs\":[\"http://[::1]\"]}", "URL address does not have the form \"host:port\": http://[::1]")]
    [InlineData("{\"peerURLs\":[\"http://a:1/path\"]}", "URL must not contain a path: http://a:1/path")]
    [InlineData("{\"peerURLs\":[\" http://a:1 \",\"https://[::1]:2\"]}", "")]
    [InlineData("{\"peerurls\":[\"unix://a:1\"]}", "")]
    public void PeerUrls_Body_EtcdsWords(string json, string error) =>
        Assert.Equal(error, PeerUrls.Parse(System.Text.Encoding.UTF8.GetBytes(json), out _));

    [Theory]
    [InlineData("PUT", "", V2Write.Types.Operation.Set)]
    [InlineData("PUT", "prevExist=true", V2Write.Types.Operation.Update)]
    [InlineData("PUT", "prevExist=true&prevIndex=3", V2Write.Types.Operation.CompareAndSwap)]
    [InlineData("PUT", "prevExist=false&prevValue=x", V2Write.Types.Operation.Create)]
    [InlineData("PUT", "prevValue=x", V2Write.Types.Operation.CompareAndSwap)]
    [InlineData("PUT", "prevIndex=0", V2Write.Types.Operation.Set)]
    [InlineData("POST", "prevExist=false", V2Write.Types.Operation.CreateInOrder)]
    [InlineData("DELETE", "", V2Write.Types.Operation.Delete)]
    [InlineData("DELETE", "prevIndex=3", V2Write.Types.Operation.CompareAndDelete)]
    public void Command_DecisionTable_Operation(string method, string query, V2Write.Types.Operation operation)
    {
        Assert.Null(Parse(query, out var request, method));
        Assert.Equal(operation, V2WriteRule.Command(method, request!, 0).Operation);
    }

    [Theory]
    [InlineData("ttl=5", 5_000_000_007)]
    [InlineData("ttl=0", 7)]
    [InlineData("ttl=18446744073709551615", long.MaxValue)]
    public void Command_Ttl_BecomesADeadline(string query, long deadline)
    {
        Assert.Null(Parse(query, out var request));
        Assert.Equal(deadline, V2WriteRule.Command("PUT", request!, 7).ExpiresAtUnixNanos);
    }

    [Fact]
    public void Command_NoTtl_HasNoDeadline()
    {
        Assert.Null(Parse("value=x", out var request));
        Assert.False(V2WriteRule.Command("PUT", request!, 7).HasExpiresAtUnixNanos);
    }

    [Theory]
    [InlineData("/v2/keys//x", "/v2/keys/x")]
    [InlineData("/v2/keys/a/../b/", "/v2/keys/b/")]
    [InlineData("/v2/keys/./a", "/v2/keys/a")]
    [InlineData("/../..", "/")]
    [InlineData("/v2/keys/", "/v2/keys/")]
    [InlineData("/", "/")]
    public void Clean_Path_AsGosRouter(string path, string clean) => Assert.Equal(clean, UrlPath.Clean(path));

    [Fact]
    public void Body_WithoutCause_LeavesItOut() => Assert.Equal(
        "{\"errorCode\":100,\"message\":\"Key not found\",\"index\":4}\n", V2Errors.Body(new V2Error(100, "", 4)));

    [Fact]
    public void Body_Cause_EscapedAsGoDoes() => Assert.Equal(
        "{\"errorCode\":101,\"message\":\"Compare failed\",\"cause\":\"[\\u003ca\\u003e != \\\"\\u0026\\u0000]\",\"index\":4}\n",
        V2Errors.Body(new V2Error(101, "[<a> != \"&\0]", 4)));

    [Theory]
    [InlineData(100, 404)]
    [InlineData(101, 412)]
    [InlineData(102, 403)]
    [InlineData(104, 400)]
    [InlineData(105, 412)]
    [InlineData(107, 400)]
    [InlineData(108, 403)]
    [InlineData(110, 401)]
    [InlineData(209, 400)]
    [InlineData(300, 500)]
    [InlineData(401, 400)]
    public void HttpStatus_Code_EtcdsStatus(int code, int status)
    {
        Assert.Equal(status, V2Errors.HttpStatus(code));
        Assert.NotEqual("", V2Errors.Message(code));
    }
}
