using System.Diagnostics;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Client;
using Storage.Contracts;
using Storage.Tests.Harness;
using Storage.Tests.Host;

namespace Storage.Tests.Client;

/// <summary>
/// Goal: who uses several replicas through one client does not notice that one is lost or stops answering, beyond a pause. Method: replicas of one log
/// over gRPC, each behind a relay that is cut or frozen.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class ReplicatedStorageTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly SessionId s_session = new(5);

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly FakeConsensus _log = new();
    private readonly List<ReplicaServer> _servers = [];
    private ReplicatedStorage _storage = null!;
    private ulong _sequence;

    private CancellationToken Soon => _patience.Token;

    public async Task InitializeAsync()
    {
        for (var i = 0; i < 3; i++)
            _servers.Add(await ReplicaServer.StartAsync(_log));
        _storage = new ReplicatedStorage(
            [.. _servers.Select(static server => server.Connect())], 7, new ReplicatedStorageOptions { GiveUpAfter = TimeSpan.FromSeconds(1) });
        Assert.Equal(StorageError.None, (await ReadAsync(Put())).Error);
    }

    public async Task DisposeAsync()
    {
        _storage.Dispose();
        foreach (var server in _servers)
            await server.DisposeAsync();
        _patience.Dispose();
    }

    [Fact]
    public void Preferred_ManyHolders_DifferAndAreStable()
    {
        var chosen = Enumerable.Range(1, 300).Select(static holder => Choose((ulong)holder)).ToArray();
        Assert.All(Enumerable.Range(0, 3), replica => Assert.InRange(chosen.Count(choice => choice == replica), 60, 140));
        Assert.Equal(chosen, Enumerable.Range(1, 300).Select(static holder => Choose((ulong)holder)));

        static int Choose(ulong holder) => new ReplicatedStorage(new IStorage[3], holder).Preferred;
    }

    [Fact]
    public async Task Defragment_Asked_ReachesEveryReplica()
    {
        await _storage.DefragmentAsync(Soon);
        await Task.WhenAll(_servers.Select(static server => server.Space.Asked)).WaitAsync(Soon);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_ReplicaLost_IsAnsweredByAnother(bool frozen)
    {
        var first = _storage.Preferred;
        Lose(first, frozen);
        var started = Stopwatch.GetTimestamp();
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ReadAsync(default).AsTask()));
        Assert.All(results, static result => Assert.Equal(StorageError.None, result.Error));
        Assert.NotEqual(first, _storage.Preferred);
        // All later reads go straight to the other one.
        await ReadAsync(Put());
        await _storage.GetStatusAsync(Soon);
        await _storage.HashKvAsync(0, Soon);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Read_ReplicaLostWhileItWaits_IsRepeatedWithWhatItNeedsApplied()
    {
        var index = new LogIndex((ulong)_log.Entries.Count + 1);
        var waiting = ReadAsync(index).AsTask();
        Lose(_storage.Preferred, frozen: false);
        Assert.False(waiting.IsCompleted);
        Put();
        Assert.True((await waiting).AppliedIndex >= index);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Feed_ReplicaLost_EndsSoonAndGoesOnAtAnother(bool frozen)
    {
        var revisions = new List<long>();
        var lost = 0;
        while (revisions.Count < 20)
        {
            try
            {
                await foreach (var batch in _storage.FeedAsync(KeySpace.V3, revisions.LastOrDefault(1) + 1, Soon))
                {
                    revisions.AddRange(batch.Revisions.Select(static events => events.Revision));
                    if (revisions.Count == 1 && lost == 0)
                        Lose(_storage.Preferred, frozen);
                    if (revisions.Count >= 20)
                        break;
                    if (lost > 0)
                        Put();
                }
            }
            catch (RpcException)
            {
                lost++;
            }
        }
        Assert.Equal(1, lost);
        Assert.Equal(Enumerable.Range(2, revisions.Count).Select(static revision => (long)revision), revisions);
    }

    [Fact]
    public async Task Feed_NothingHappens_StaysOpen()
    {
        await using var feed = _storage.FeedAsync(KeySpace.V3, 0, Soon).GetAsyncEnumerator(Soon);
        await using var leases = _storage.LeasesAsync(Soon).GetAsyncEnumerator(Soon);
        var sink = new RecordingSink();
        using var results = await _storage.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
        Assert.True(await feed.MoveNextAsync());
        Assert.True(await leases.MoveNextAsync());
        // Silent for longer than the limit, but for the beats.
        var (nextFeed, nextLeases) = (feed.MoveNextAsync().AsTask(), leases.MoveNextAsync().AsTask());
        var silence = Task.Delay(TimeSpan.FromSeconds(2.5), Soon);
        Assert.Same(silence, await Task.WhenAny(silence, nextFeed, nextLeases, sink.Broken));
        Put();
        Assert.True(await nextFeed);
        Assert.True(await nextLeases);
        Assert.Equal(_sequence, (await sink.NextAsync()).Sequence);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Results_ReplicaLost_AreBrokenSoonAndSubscribedAtAnother(bool frozen)
    {
        var sink = new RecordingSink();
        using var subscription = await _storage.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
        Put();
        Assert.Equal(_sequence, (await sink.NextAsync()).Sequence);
        var first = _storage.Preferred;
        Lose(first, frozen);
        await sink.Broken;
        Assert.NotEqual(first, _storage.Preferred);
        await HearResultAsync();
    }

    [Fact]
    public async Task AllStreams_ReplicaCutOffFromTheLog_EndSoonAndGoOnAtAnother()
    {
        var cutOff = _storage.Preferred;
        var sink = new RecordingSink();
        using var subscription = await _storage.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
        await using (var feed = _storage.FeedAsync(KeySpace.V3, 0, Soon).GetAsyncEnumerator(Soon))
        await using (var leases = _storage.LeasesAsync(Soon).GetAsyncEnumerator(Soon))
        {
            Assert.True(await feed.MoveNextAsync());
            Assert.True(await leases.MoveNextAsync());
            // Its clients reach it, and it answers.
            _servers[cutOff].Log.Sever();
            await sink.Broken;
            await Assert.ThrowsAsync<RpcException>(() => feed.MoveNextAsync().AsTask());
            await Assert.ThrowsAsync<RpcException>(() => leases.MoveNextAsync().AsTask());
        }
        Assert.NotEqual(cutOff, _storage.Preferred);
        // No new one is taken.
        var refused = new RecordingSink();
        using (var client = _servers[cutOff].Connect())
        using (await client.SubscribeResultsAsync(s_session, refused, CancellationToken.None))
            await refused.Broken;

        await HearResultAsync();

        // The way is mended: entries come, and it serves.
        _servers[cutOff].Log.Mend();
        using var mended = _servers[cutOff].Connect();
        await mended.RangeAsync(Requests.Range("a").ToByteArray(), new LogIndex((ulong)_log.Entries.Count), Soon);
        var third = new RecordingSink();
        using var welcome = await mended.SubscribeResultsAsync(s_session, third, CancellationToken.None);
        Put();
        Assert.Equal(_sequence, (await third.NextAsync()).Sequence);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leases_ReplicaLost_NeverTellOfAnEarlierStateAtAnother(bool frozen)
    {
        ulong applied = 0;
        var lost = 0;
        while (lost == 0 || applied < (ulong)_log.Entries.Count)
        {
            try
            {
                await foreach (var batch in _storage.LeasesAsync(Soon))
                {
                    Assert.True(batch.AppliedIndex.Value >= applied);
                    applied = batch.AppliedIndex.Value;
                    if (lost > 0)
                        break;
                    Lose(_storage.Preferred, frozen);
                }
            }
            catch (RpcException)
            {
                lost++;
                Put();
            }
        }
    }

    [Fact]
    public async Task Read_AllGone_FailsAfterItsPatience()
    {
        _servers.ForEach(static server => server.Cut());
        var started = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<RpcException>(() => ReadAsync(default).AsTask());
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        var sink = new RecordingSink();
        using var subscription = await _storage.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
        await sink.Broken;
    }

    [Fact]
    public async Task Read_AllFrozen_EndsWhenTheCallerCancels()
    {
        _servers.ForEach(static server => server.Freeze());
        using var leaving = new CancellationTokenSource();
        var waiting = ReadAsync(default, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Soon));
    }

    // As those who propose do. A machine that stands still for longer than the limit of silence breaks subscriptions to replicas that are well: whoever hears
    // that subscribes again and proposes again. A result that is lost unsaid is what must not be.
    private async Task HearResultAsync()
    {
        while (true)
        {
            var sink = new RecordingSink();
            using var subscription = await _storage.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
            Put();
            var result = sink.NextAsync();
            if (await Task.WhenAny(result, sink.Broken) == result && result.IsCompletedSuccessfully)
            {
                Assert.Equal(_sequence, result.Result.Sequence);
                return;
            }
            Assert.True(sink.Broken.IsCompletedSuccessfully);
        }
    }

    private void Lose(int replica, bool frozen)
    {
        if (frozen)
            _servers[replica].Freeze();
        else
            _servers[replica].Cut();
    }

    private ValueTask<ReadResult> ReadAsync(LogIndex minApplied) => ReadAsync(minApplied, Soon);

    private ValueTask<ReadResult> ReadAsync(LogIndex minApplied, CancellationToken cancellation) =>
        _storage.RangeAsync(Requests.Range("a").ToByteArray(), minApplied, cancellation);

    private LogIndex Put() => _log.Append(new CommandEnvelope(CommandKind.Put, s_session, ++_sequence, _sequence, 1, default).Encode(
        Requests.Put("a", $"{_sequence}").ToByteArray()));
}
