using System.Net;
using System.Net.Http.Headers;
using ApiGateway.Host;
using ApiGateway.Host.Limits;
using ApiGateway.Tests.Fakes;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Storage.Contracts;

namespace ApiGateway.Tests.Host.Limits;

/// <summary>
/// Goal: large answers that clients do not take are bounded, of a connection and of all, and keep nobody out for ever. Method: clients with small windows that read the
/// headers of answers, and nothing else.
/// </summary>
public sealed class AnswerRoomTests : IAsyncDisposable
{
    private const int ValueBytes = 600_000;
    private const string TooMany = "8 etcdserver: too many requests";

    private readonly List<IDisposable> _open = [];
    private SmallGateway _gateway = null!;

    // Answers of which only the head was taken.
    private int _held;

    public async ValueTask DisposeAsync()
    {
        _open.ForEach(static one => one.Dispose());
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task Answers_NotTaken_FillTheConnectionsRoomAndThenTheGateways()
    {
        await StartAsync(TimeSpan.FromHours(1));
        var (first, second) = (Connect(), Connect());
        var held = await HoldAsync(first);
        Assert.Equal(TooMany, await AskAsync(first));
        // Others have theirs, as long as there is any.
        Assert.Equal("", await AskAsync(second));
        await HoldAsync(second);
        Assert.Equal(TooMany, await AskAsync(Connect()));
        // What is small needs no room.
        Assert.Equal(200, (int)(await _gateway.Http.GetAsync("/version")).StatusCode);
        // Whoever takes what he asked for makes room.
        Assert.True((await held.Content.ReadAsByteArrayAsync()).Length > ValueBytes);
        _held--;
        await GivenBackAsync();
        Assert.Equal("", await AskAsync(first));
    }

    [Fact]
    public async Task Answers_NotTakenForTooLong_AreCutOffWhenOthersNeedTheRoom()
    {
        await StartAsync(TimeSpan.Zero);
        var stalled = await HoldAsync(Connect());
        await HoldAsync(Connect());
        Assert.Equal(TooMany, await AskAsync(Connect()));
        await Assert.ThrowsAnyAsync<Exception>(() => stalled.Content.ReadAsByteArrayAsync());
        _held = 0;
        await GivenBackAsync();
        Assert.Equal("", await AskAsync(Connect()));
    }

    [Fact]
    public async Task Answers_AsJson_TakeRoomToo()
    {
        await StartAsync(TimeSpan.FromHours(1));
        await HoldAsync(Connect());
        await HoldAsync(Connect());
        using var body = new StringContent("""{"key":"bGFyZ2U="}""");
        var refused = await _gateway.Http.PostAsync("/v3/kv/range", body);
        Assert.Contains("etcdserver: too many requests", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
    }

    [Fact]
    public async Task Answers_OfV2_TakeRoomToo()
    {
        await StartAsync(TimeSpan.FromHours(1));
        var body = new byte[ValueBytes];
        _gateway.Cluster.OnGetV2 = _ => new ReadResult(StorageError.None, 3, new LogIndex(1), new Term(2), 0, body);
        await HoldAsync(Connect());
        var taken = await _gateway.Http.GetAsync("/v2/keys/large");
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        await GivenBackAsync();
        await HoldAsync(Connect());
        var refused = await _gateway.Http.GetAsync("/v2/keys/large");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal("etcdserver: too many requests\n", await refused.Content.ReadAsStringAsync());
    }

    private async Task StartAsync(TimeSpan stallLimit)
    {
        _gateway = new SmallGateway(stallLimit);
        await _gateway.InitializeAsync();
        await _gateway.Grpc.CallAsync<PutRequest, PutResponse>("etcdserverpb.KV", "Put", new PutRequest { Key = B("large"), Value = ByteString.CopyFrom(new byte[ValueBytes]) });
    }

    private static ByteString B(string text) => ByteString.CopyFromUtf8(text);

    // A connection of its own.
    private HttpClient Connect()
    {
        var client = new HttpClient(new SocketsHttpHandler { InitialHttp2StreamWindowSize = 65_535 });
        _open.Add(client);
        return client;
    }

    // Takes the head of the answer, and nothing else.
    private async Task<HttpResponseMessage> HoldAsync(HttpClient connection)
    {
        var message = new RangeRequest { Key = B("large") }.ToByteArray();
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://{_gateway.Address}/etcdserverpb.KV/Range")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, (byte)message.Length, .. message]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        var response = await connection.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.False(response.Headers.Contains("grpc-status"));
        _open.Add(response);
        _held++;
        return response;
    }

    // Takes the whole answer; how it was refused, "" if it was not.
    private async Task<string> AskAsync(HttpClient connection)
    {
        var channel = GrpcChannel.ForAddress($"http://{_gateway.Address}", new GrpcChannelOptions { HttpClient = connection, MaxReceiveMessageSize = null });
        try
        {
            await channel.CreateCallInvoker().CallAsync<RangeRequest, RangeResponse>("etcdserverpb.KV", "Range", new RangeRequest { Key = B("large") });
            await GivenBackAsync();
            return "";
        }
        catch (RpcException refused)
        {
            return $"{(int)refused.StatusCode} {refused.Status.Detail}";
        }
    }

    // A client has an answer whole a moment before the server knows that it has.
    private Task GivenBackAsync() => Wait.UntilAsync(() => _gateway.Service<AnswerRoom>().Bytes < (_held + 1L) * ValueBytes);

    private sealed class SmallGateway(TimeSpan stallLimit) : GatewayFixture
    {
        protected override GatewayOptions Options => new() { MaxAnswerBytes = 2 * ValueBytes + 1000, MaxAnswerBytesPerConnection = ValueBytes + 1000, AnswerStallLimit = stallLimit };
    }
}
