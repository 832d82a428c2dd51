using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Tests.Support;
using Google.Protobuf;
using Grpc.Core;
using Storage.Client;
using Storage.Contracts;
using Storage.Tests.Harness;
using Storage.Tests.Host;

namespace Storage.Tests.Client;

/// <summary>Answers and events that take longer than a stream may be silent: nothing breaks over them, and a replica that stops in the midst of one is noticed.</summary>
public sealed class SlowLinkTests : IAsyncLifetime, IDisposable
{
    private static readonly SessionId s_session = new(5);

    // Twice as long on its way as silence may last.
    private const int LargeBytes = 8 * 1024 * 1024;
    private const int BytesPerSecond = 3_500_000;

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));
    private readonly FakeConsensus _log = new();
    private ReplicaServer _server = null!;
    private SlowLink _link = null!;
    private StorageClient _client = null!;
    private ulong _sequence;

    public async Task InitializeAsync()
    {
        _server = await ReplicaServer.StartAsync(_log);
        _link = new SlowLink(_server.Port, BytesPerSecond);
        _client = StorageClient.Connect(_link.Url, new StorageClientOptions { EstablishLimit = TimeSpan.FromSeconds(5) });
        // Everything is compiled once before silence counts.
        await ReadAsync(Put(1));
        Assert.Single((await FirstBatchAsync(2)).Revisions);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _link.DisposeAsync();
        await _server.DisposeAsync();
    }

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task Feed_LargeEvent_Arrives()
    {
        var carried = _link.Carried;
        // After its first message silence is limited to what is usual.
        await using var feed = _client.FeedAsync(KeySpace.V3, 2, _patience.Token).GetAsyncEnumerator(_patience.Token);
        Assert.True(await feed.MoveNextAsync());
        // A key without a previous value, which would go along.
        Put(LargeBytes, "b");
        do
            Assert.True(await feed.MoveNextAsync());
        while (feed.Current.CurrentRevision < 3);
        Assert.InRange(_link.Carried - carried, LargeBytes, LargeBytes + (64 * 1024));
    }

    [Fact]
    public async Task Feed_ReplicaStopsInTheMidstOfAnEvent_EndsSoon()
    {
        await using var feed = _client.FeedAsync(KeySpace.V3, 2, _patience.Token).GetAsyncEnumerator(_patience.Token);
        Assert.True(await feed.MoveNextAsync());
        _link.FreezeAfter(LargeBytes / 4);
        Put(LargeBytes);
        var next = feed.MoveNextAsync();
        await _link.Frozen.WaitAsync(_patience.Token);
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await next)).StatusCode);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Results_BesideALargeAnswerOnTheSameConnection_StayOpen()
    {
        var sink = new RecordingSink();
        using var results = await _client.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
        var large = Put(LargeBytes);
        Assert.Equal(_sequence, (await sink.NextAsync()).Sequence);
        Assert.InRange((await ReadAsync(large)).Body.Length, LargeBytes, int.MaxValue);
        Put(1);
        Assert.Equal(_sequence, (await sink.NextAsync()).Sequence);
    }

    private async Task<FeedBatch> FirstBatchAsync(long fromRevision)
    {
        await foreach (var batch in _client.FeedAsync(KeySpace.V3, fromRevision, _patience.Token))
            return batch;
        throw new InvalidOperationException("the feed ended");
    }

    private ValueTask<ReadResult> ReadAsync(LogIndex minApplied) => _client.RangeAsync(Requests.Range("a").ToByteArray(), minApplied, _patience.Token);

    private LogIndex Put(int bytes, string key = "a") => _log.Append(new CommandEnvelope(CommandKind.Put, s_session, ++_sequence, _sequence, 1, default).Encode(
        Requests.Put(key, new string('x', bytes)).ToByteArray()));
}
