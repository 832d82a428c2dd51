using System.Text;
using ApiGateway.Tests.Fakes;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Storage.Contracts;
using WatchHub.Client;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Host;
using WatchHub.Tests.Fakes;
using WatchHub.Tests.Hubs;

namespace ApiGateway.Tests.Host;

/// <summary>
/// Goal: hubs come, stop, freeze and are cut off under load, and no client notices: every event once and in order (I6), no error. Method: a gateway over hubs over gRPC,
/// many v3 watch streams, one of them in fragments, and a v2 stream; each checks what it gets.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class HubChangeTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int Streams = 40;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly FakeStorage _storage = new();
    private readonly List<HubServer> _hubs = [];
    private readonly CancellationTokenSource _deadline = new(s_patience);
    private readonly HubsGateway _gateway = new();
    private readonly List<AsyncDuplexStreamingCall<WatchRequest, WatchResponse>> _calls = [];

    private CancellationToken Soon => _deadline.Token;

    public Task InitializeAsync() => _gateway.InitializeAsync();

    public async Task DisposeAsync()
    {
        _calls.ForEach(static call => call.Dispose());
        await _gateway.DisposeAsync();
        _gateway.Client.Dispose();
        foreach (var hub in _hubs)
            await hub.DisposeAsync();
        _deadline.Dispose();
    }

    [Fact]
    public async Task Watches_HubsComeStopFreezeAndAreCut_EveryEventOnceAndInOrder()
    {
        await AddHubAsync();
        await AddHubAsync();
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(Soon);
        var writing = WriteAsync(quiet.Token);
        var watching = Enumerable.Range(0, Streams).Select(OpenAsync).ToArray();
        var v2 = await OpenV2Async();
        await Task.WhenAll(watching);
        await SpreadAsync(spread => spread.Values.Sum() == Streams + 1 && spread.Values.All(static sessions => sessions >= 10));

        // Another comes: it gets its share of those that stand.
        var third = await AddHubAsync();
        await SpreadAsync(spread => spread.Values.Sum() == Streams + 1 && spread.Values.All(static sessions => sessions is >= 12 and <= 15));

        // One stops: all have left before it ends, for it would wait longer than the test does.
        await _hubs[0].StopAsync().WaitAsync(Soon);
        await SpreadAsync(spread => spread[_hubs[0].Address] == 0 && spread.Values.Sum() == Streams + 1);
        _gateway.Addresses = [_hubs[1].Address, third.Address];

        // One freezes, and later thaws as one that was cut off.
        _hubs[1].Freeze();
        await SpreadAsync(spread => spread[_hubs[1].Address] == 0 && spread.GetValueOrDefault(third.Address) == Streams + 1);
        var fourth = await AddHubAsync();
        third.Cut();
        await SpreadAsync(spread => spread.GetValueOrDefault(fourth.Address) == Streams + 1);

        await quiet.CancelAsync();
        var (last, lastV2) = await writing;
        foreach (var watch in watching)
            await (await watch)(last);
        await v2(lastV2);
    }

    private async Task<HubServer> AddHubAsync()
    {
        var hub = await HubServer.StartAsync(_storage, new WatchHubOptions
        {
            DrainLimit = 2 * s_patience,
            // Revisions come in pieces.
            Limits = new HubLimits { MessageBytes = 600 },
        });
        _hubs.Add(hub);
        _gateway.Addresses = [.. _gateway.Addresses, hub.Address];
        return hub;
    }

    private async Task SpreadAsync(Func<IReadOnlyDictionary<string, int>, bool> isReached)
    {
        while (!isReached(_gateway.Client.Spread()))
        {
            Assert.False(Soon.IsCancellationRequested, "sessions on hubs: " + string.Join(", ", _gateway.Client.Spread()));
            await Task.Delay(20);
        }
    }

    private async Task<(long Last, long LastV2)> WriteAsync(CancellationToken quiet)
    {
        long last = 0, lastV2 = 0;
        while (!quiet.IsCancellationRequested)
        {
            last = _storage.Append(KeySpace.V3, revision => Feeds.Revision(
                revision, [.. Enumerable.Range(0, 1 + (int)(revision % 8)).Select(n => Feeds.Put($"k{n}", revision, new string('v', 200)))]));
            lastV2 = _storage.Append(KeySpace.V2, index => Feeds.Revision(index, Feeds.V2("/a/b", index)));
            await Task.Delay(2, CancellationToken.None);
        }
        return (last, lastV2);
    }

    // What is returned reads up to a revision, and checks.
    private async Task<Func<long, Task>> OpenAsync(int number)
    {
        var call = _gateway.Grpc.AsyncDuplexStreamingCall(
            Proto.Method<WatchRequest, WatchResponse>("etcdserverpb.Watch", "Watch", MethodType.DuplexStreaming), null, new CallOptions());
        _calls.Add(call);
        await call.RequestStream.WriteAsync(new WatchRequest
        {
            CreateRequest = new WatchCreateRequest
            {
                Key = ByteString.CopyFromUtf8("k"), RangeEnd = ByteString.CopyFromUtf8("l"), StartRevision = 2, Fragment = number % 2 == 0,
            },
        });
        Assert.True(await call.ResponseStream.MoveNext(Soon));
        Assert.True(call.ResponseStream.Current.Created);
        var reading = new TaskCompletionSource<long>();
        var ended = ReadAsync(call.ResponseStream, reading.Task);
        return last =>
        {
            reading.SetResult(last);
            return ended;
        };
    }

    private async Task ReadAsync(IAsyncStreamReader<WatchResponse> responses, Task<long> last)
    {
        long revision = 2, count = 0;
        var isWhole = true;
        while (!(last.IsCompleted && isWhole && revision > await last))
        {
            var next = responses.MoveNext(Soon);
            if (await Task.WhenAny(next, last) == last && revision > await last && isWhole)
                return;
            Assert.True(await next, "the stream ended");
            var response = responses.Current;
            Assert.False(response.Created || response.Canceled, response.ToString());
            foreach (var one in response.Events)
            {
                Assert.Equal((revision, $"k{count}"), (one.Kv.ModRevision, one.Kv.Key.ToStringUtf8()));
                if (++count == 1 + (revision % 8))
                    (revision, count) = (revision + 1, 0);
            }
            // No revision is cut but between fragments.
            isWhole = !response.Fragment;
            Assert.True(count == 0 || !isWhole);
        }
    }

    private async Task<Func<long, Task>> OpenV2Async()
    {
        var response = await _gateway.Http.GetAsync(new Uri("/v2/keys/a?wait=true&stream=true&recursive=true", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Soon);
        var first = long.Parse(response.Headers.GetValues("X-Etcd-Index").Single()) + 1;
        var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Soon), Encoding.UTF8);
        return async last =>
        {
            for (var index = first; index <= last; index++)
                Assert.Equal($"{index}:/a/b", await lines.ReadLineAsync(Soon));
            lines.Dispose();
            response.Dispose();
        };
    }

    private sealed class HubsGateway : GatewayFixture
    {
        public HubsGateway() => Client = new WatchHubClient(
            _ => new(Addresses), GrpcChannel.ForAddress,
            new WatchHubClientOptions { DiscoveryInterval = TimeSpan.FromMilliseconds(20), MoveInterval = TimeSpan.FromMilliseconds(20), EvenOutPerSecond = 1 });

        public IReadOnlyList<string> Addresses { get; set; } = [];

        public WatchHubClient Client { get; }

        private protected override IWatchHub HubInUse => Client;
    }
}
