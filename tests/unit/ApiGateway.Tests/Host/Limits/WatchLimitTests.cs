using ApiGateway.Host;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ApiGateway.Tests.Host.Limits;

/// <summary>Goal: watches are bounded by stream, connection and gateway, and whoever ends some may have others. Method: streams on two connections to a gateway with tiny bounds.</summary>
public sealed class WatchLimitTests : IAsyncLifetime
{
    private readonly SmallGateway _gateway = new();
    private readonly List<IDisposable> _open = [];

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public async Task DisposeAsync()
    {
        _open.ForEach(static one => one.Dispose());
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task Create_OneTooMany_IsRefusedWithTheBoundInItsWay()
    {
        var connection = Connect();
        var (first, second) = (Open(connection), Open(connection));
        await CreateAsync(first, 2);
        Assert.Equal("etcdserver: too many watches of this stream (2 at most)", await RefusalAsync(first));
        await CreateAsync(second, 1);
        Assert.Equal("etcdserver: too many watches of this connection (3 at most)", await RefusalAsync(second));
        var elsewhere = Open(Connect());
        await CreateAsync(elsewhere, 1);
        Assert.Equal("etcdserver: too many watches of this server (4 at most)", await RefusalAsync(elsewhere));
    }

    [Fact]
    public async Task Create_AfterACancelOrTheEndOfAStream_HasRoomAgain()
    {
        var connection = Connect();
        var (first, second) = (Open(connection), Open(connection));
        await CreateAsync(first, 2);
        await first.RequestStream.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = 0 } });
        Assert.True((await NextAsync(first)).Canceled);
        await CreateAsync(first, 1);
        await CreateAsync(second, 1);
        Assert.StartsWith("etcdserver: too many watches of this connection", await RefusalAsync(second), StringComparison.Ordinal);
        first.Dispose();
        // The stream's end is no answer to anybody: its room comes back when the server has noticed.
        await Wait.UntilAsync(() => TryCreateAsync(second));
        // One that is refused for another reason takes no room.
        var third = Open(connection);
        await third.RequestStream.WriteAsync(Create(rangeEnd: "a"));
        Assert.Equal("mvcc: watcher range is empty", (await NextAsync(third)).CancelReason);
        await CreateAsync(third, 1);
    }

    // One connection, whatever is sent at the same time: by itself a channel may open another.
    private GrpcChannel Connect()
    {
        var options = new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false }, DisposeHttpClient = true };
        var channel = GrpcChannel.ForAddress($"http://{_gateway.Address}", options);
        _open.Add(channel);
        return channel;
    }

    private AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Open(GrpcChannel channel)
    {
        var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            Proto.Method<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming), null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)));
        _open.Add(call);
        return call;
    }

    private static WatchRequest Create(string rangeEnd = "") =>
        new() { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8("k"), RangeEnd = ByteString.CopyFromUtf8(rangeEnd) } };

    private static async Task<WatchResponse> NextAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return call.ResponseStream.Current;
    }

    private static async Task<bool> TryCreateAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call)
    {
        await call.RequestStream.WriteAsync(Create());
        var answer = await NextAsync(call);
        Assert.True(answer.Created);
        return !answer.Canceled;
    }

    private static async Task CreateAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(await TryCreateAsync(call));
    }

    private static async Task<string> RefusalAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call)
    {
        await call.RequestStream.WriteAsync(Create());
        var refusal = await NextAsync(call);
        Assert.Equal((true, true, -1L), (refusal.Created, refusal.Canceled, refusal.WatchId));
        return refusal.CancelReason;
    }

    private sealed class SmallGateway : GatewayFixture
    {
        private protected override WatchHub.Contracts.IWatchHub HubInUse => new EagerHub();

        protected override GatewayOptions Options => new() { MaxWatchesPerStream = 2, MaxWatchesPerConnection = 3, MaxWatches = 4 };
    }
}
