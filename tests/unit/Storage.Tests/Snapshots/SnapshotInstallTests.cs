using System.Diagnostics;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Core.Snapshots;
using Storage.Core.Tree;
using Storage.Host;
using Storage.Host.Snapshots;
using Storage.Tests.Harness;
using Storage.Tests.Host;

namespace Storage.Tests.Snapshots;

/// <summary>
/// Goal: a replica that the log cannot bring up to date takes over a peer's state while it runs, and nobody who uses it sees an error (I2, I6, I9, I11). Method:
/// real data files, a log in memory that drops its entries, peers with something wrong.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class SnapshotInstallTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly SessionId s_session = new(5);

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly TemporaryDirectory _directory = new();
    private readonly List<string> _fatal = [];

    // The donor sees every entry; the replica's log is cut short.
    private readonly FakeConsensus _fullLog = new();
    private readonly FakeConsensus _log = new();
    private readonly List<IStorage> _peers = [];
    private StorageService _donor = null!;
    private StorageService? _replica;
    private ulong _sequence;

    private CancellationToken Soon => _patience.Token;

    public Task InitializeAsync()
    {
        _donor = Start(_fullLog, new StorageData(new MemoryTree(), new NullDevice(), null), null);
        _peers.Add(new PeerDouble(_donor));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_replica is not null)
            await _replica.DisposeAsync();
        await _donor.DisposeAsync();
        _directory.Dispose();
        _patience.Dispose();
        Assert.Empty(_fatal);
    }

    [Fact]
    public async Task Start_LogBeginsLater_InstallsAndGoesOn()
    {
        var replica = await StartReplicaAsync();
        var index = await AppendMissedAsync(Puts(3_000));
        await AssertEqualAsync(replica, index);
        // The log goes on from there, in the new file.
        index = Append(Puts(10));
        await AssertEqualAsync(replica, index);
        await UntilAsync(async () => (await replica.GetStatusAsync(Soon)).DurableIndex == index && _log.ReportedDurable == index);

        await replica.DisposeAsync();
        Assert.Equal([StorageData.FileName], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
        // And is what a restart finds, without a log.
        var restarted = await StartReplicaAsync();
        await AssertEqualAsync(restarted, index);
    }

    [Fact]
    public async Task Install_LargerThanMemoryAllows_IsCommittedInPieces()
    {
        var replica = await StartReplicaAsync();
        var index = await AppendMissedAsync([.. Enumerable.Range(0, 80).Select(static i => Requests.Put($"large{i:d2}", new string((char)('a' + (i % 26)), 1_000_000)))]);
        await AssertEqualAsync(replica, index);
    }

    [Fact]
    public async Task Install_ReadsWait_AreAnsweredFromTheNewState()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _peers[0] = new PeerDouble(_donor, async (_, chunk) =>
        {
            await release.Task;
            return chunk;
        });
        var replica = await StartReplicaAsync();
        var index = await AppendMissedAsync(Puts(100));
        var waiting = Enumerable.Range(0, 10).Select(_ => replica.RangeAsync(Requests.Range("k", "l").ToByteArray(), index, Soon).AsTask()).ToArray();
        var keys = replica.LeaseKeysAsync(9, index, Soon).AsTask();
        // Serializable reads go on on the old state meanwhile.
        Assert.Equal(StorageError.None, (await replica.RangeAsync(Requests.Range("a").ToByteArray(), default, Soon)).Error);
        Assert.All(waiting, static read => Assert.False(read.IsCompleted));
        release.SetResult();
        Assert.All(await Task.WhenAll(waiting), read => Assert.True(read.Error == StorageError.None && read.AppliedIndex >= index));
        Assert.Null(await keys);
    }

    [Fact]
    public async Task Install_FeedsGoOn_WithoutGapOrRepeat()
    {
        var replica = await StartReplicaAsync();
        var revisions = new List<long>();
        await using var feed = replica.FeedAsync(KeySpace.V3, 2, Soon).GetAsyncEnumerator(Soon);
        await using var leases = replica.LeasesAsync(Soon).GetAsyncEnumerator(Soon);
        Assert.True(await leases.MoveNextAsync() && leases.Current.Reset);
        await FeedUntilAsync(11);
        await AppendMissedAsync([new LeaseGrantRequest { ID = 77, TTL = 10 }, .. Puts(500)]);
        await FeedUntilAsync(511);
        Append(Puts(10));
        await FeedUntilAsync(521);
        Assert.Equal(Enumerable.Range(2, 520).Select(static revision => (long)revision), revisions);
        // The lease feed tells everything afresh: what happened in between is not known one by one.
        do
            Assert.True(await leases.MoveNextAsync());
        while (leases.Current.Changes.Count == 0);
        Assert.True(leases.Current.Reset);
        Assert.Equal(new LeaseChange(77, 10, false), leases.Current.Changes.Single() with { GrantedAt = 0 });

        async Task FeedUntilAsync(long revision)
        {
            while (revisions.LastOrDefault() < revision)
            {
                Assert.True(await feed.MoveNextAsync());
                revisions.AddRange(feed.Current.Revisions.Select(static events => events.Revision));
                // Previous values of events from before are read from whichever file is in use.
                foreach (var events in feed.Current.Revisions)
                    Assert.False(events.Events[0].EventWithPrevious.IsEmpty);
            }
        }
    }

    [Fact]
    public async Task Install_SubscribersOfResults_AreToldAndMaySubscribeAgain()
    {
        var replica = await StartReplicaAsync();
        var sink = new RecordingSink();
        using var subscription = await replica.SubscribeResultsAsync(s_session, sink, CancellationToken.None);
        await AppendMissedAsync(Puts(20));
        Assert.Contains("snapshot", await sink.Broken, StringComparison.Ordinal);
        var again = new RecordingSink();
        using var second = await replica.SubscribeResultsAsync(s_session, again, CancellationToken.None);
        Append(Puts(1));
        Assert.Equal(_sequence, (await again.NextAsync()).Sequence);
    }

    [Fact]
    public async Task Install_AgainAndAgainUnderReaders_NoReadFails()
    {
        var replica = await StartReplicaAsync();
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            long reads = 0;
            for (var sequence = 0; !done.IsCancellationRequested; sequence++, reads++)
            {
                Assert.Equal(StorageError.None, (await replica.RangeAsync(Requests.Range("k", "l").ToByteArray(), default, Soon)).Error);
                Assert.Equal(StorageError.None, (await replica.HashKvAsync(0, Soon)).Error);
                Assert.Equal(0, (await replica.HistoryAsync(KeySpace.V3, "k"u8.ToArray(), "l"u8.ToArray(), 2, 50, 1_000, Soon)).CompactRevision);
                await replica.GetStatusAsync(Soon);
            }
            return reads;
        })).ToArray();
        for (var round = 0; round < 8; round++)
            await AssertEqualAsync(replica, await AppendMissedAsync(Puts(200)));
        await done.CancelAsync();
        Assert.All(await Task.WhenAll(readers), static reads => Assert.True(reads > 0));
    }

    [Fact]
    public async Task Fetch_FirstPeersAreUnfit_TheNextIsTaken()
    {
        var old = new FakeConsensus();
        await using var behind = Start(old, new StorageData(new MemoryTree(), new NullDevice(), null), null);
        await behind.RangeAsync(Requests.Range("a").ToByteArray(), old.Append(Encode(Requests.Put("old", "1"))), Soon);
        var never = new TaskCompletionSource();
        var unfit = new PeerDouble[]
        {
            new(behind),
            new(_donor, (number, chunk) => new(number == 1 ? Damage(chunk) : chunk)),
            new(_donor, static (number, chunk) => number == 1 ? throw new IOException("connection lost") : new(chunk)),
            new(_donor, static (number, chunk) => new(number == 2 ? null : chunk)),
            new(_donor, static (number, chunk) => new(chunk is SnapshotStart start ? start with { AppliedIndex = start.AppliedIndex.Next } : chunk)),
            new(_donor, async (number, chunk) =>
            {
                if (number == 1)
                    await never.Task;
                return chunk;
            }),
        };
        _peers.InsertRange(0, unfit);
        var replica = await StartReplicaAsync();
        await AssertEqualAsync(replica, await AppendMissedAsync(Puts(100)));
        Assert.All(unfit, static peer => Assert.Equal(1, peer.Asked));
        Assert.Equal([StorageData.FileName], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Fetch_NoPeerAtFirst_IsTriedAgain()
    {
        var peer = _peers[0];
        _peers.Clear();
        var replica = await StartReplicaAsync();
        var index = await AppendMissedAsync(Puts(10));
        await UntilAsync(() => ValueTask.FromResult(_peersAsked > 1));
        lock (_peers)
            _peers.Add(peer);
        await AssertEqualAsync(replica, index);
    }

    [Fact]
    public async Task Receive_LogIsCompactedMeanwhile_GoesOnFromTheStateWithoutAnother()
    {
        var peer = new PeerDouble(_donor, async (number, chunk) =>
        {
            // With every state that is on its way, as a log does to a state that takes long.
            if (number == 1)
                await AppendMissedAsync(Puts(10));
            return chunk;
        });
        _peers[0] = peer;
        var replica = await StartReplicaAsync();
        await AppendMissedAsync(Puts(10));
        var index = new LogIndex((ulong)_log.Entries.Count + 10);
        await AssertEqualAsync(replica, index);
        Assert.Equal(1, peer.Asked);
    }

    [Fact]
    public async Task Stop_WhileReceiving_LeavesTheOldFile()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _peers[0] = new PeerDouble(_donor, async (number, chunk) =>
        {
            if (number == 1)
            {
                reached.SetResult();
                await Task.Delay(Timeout.Infinite, Soon);
            }
            return chunk;
        });
        var replica = await StartReplicaAsync();
        await AppendMissedAsync(Puts(10));
        await reached.Task.WaitAsync(Soon);
        await replica.DisposeAsync();
        Assert.Equal([StorageData.FileName], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
        _peers[0] = new PeerDouble(_donor);
        var restarted = await StartReplicaAsync(waitForLog: false);
        await AssertEqualAsync(restarted, new LogIndex((ulong)_log.Entries.Count));
    }

    [Fact]
    public async Task Crash_AtAnyStepOfAnInstall_LeavesTheOldOrTheNewState()
    {
        var index = Append(Puts(2_000));
        await using (var first = Start(_fullLog, StorageData.Open(_directory.Path), null))
        {
            await first.RangeAsync(Requests.Range("a").ToByteArray(), index, Soon);
        }
        var newer = Append(Puts(500));
        await _donor.RangeAsync(Requests.Range("a").ToByteArray(), newer, Soon);
        var crashes = new List<(TemporaryDirectory Left, LogIndex Expected)>();

        var old = StorageData.Open(_directory.Path);
        var incoming = old.CreateIncoming!();
        Crash(index);
        var loader = new SnapshotLoader(incoming.Data.Tree);
        await foreach (var chunk in _donor.SnapshotAsync(Soon))
        {
            loader.Add(chunk);
            Crash(index);
            if (incoming.Data.Tree.BeginCommit() is not { } commit)
                continue;
            commit.WriteTo(incoming.Data.Device);
            Crash(index);
            incoming.Data.Tree.CompleteCommit(commit);
        }
        Crash(index);
        incoming.PutInPlace();
        Crash(newer);
        await old.Owned!.DisposeAsync();
        Crash(newer);
        await incoming.DisposeAsync();
        await incoming.Data.Owned!.DisposeAsync();
        Crash(newer);

        Assert.True(crashes.Count > 8);
        foreach (var (left, expected) in crashes)
        {
            await using (var restarted = Open(new FakeConsensus(), StorageData.Open(left.Path), null))
            {
                Assert.Equal(expected, (await restarted.GetStatusAsync(Soon)).AppliedIndex);
                Assert.Equal(StorageError.None, (await restarted.HashKvAsync(0, Soon)).Error);
            }
            Assert.Equal([StorageData.FileName], Directory.GetFiles(left.Path).Select(Path.GetFileName));
            left.Dispose();
        }

        void Crash(LogIndex expected) => crashes.Add((_directory.Copy(), expected));
    }

    [Fact]
    public async Task Send_ConsumerStalls_IsCutOffAndItsPagesAreFree()
    {
        var index = Append(Puts(100));
        // Longer than the consumer takes to its first chunk, on a machine that is stopped for a moment too.
        await using var donor = Start(
            _fullLog, StorageData.Open(_directory.Path), null, new StorageOptions { SnapshotStallLimit = TimeSpan.FromMilliseconds(500) });
        await donor.RangeAsync(Requests.Range("a").ToByteArray(), index, Soon);
        await using var stalled = donor.SnapshotAsync(Soon).GetAsyncEnumerator(Soon);
        Assert.True(await stalled.MoveNextAsync());
        // Stopping closes the file, and that waits for the last reader: this one has not left by itself.
        await donor.DisposeAsync().AsTask().WaitAsync(Soon);
        await Assert.ThrowsAsync<SnapshotAbortedException>(() => stalled.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task SendDatabase_ConsumerStalls_IsCutOffAndItsPagesAreFree()
    {
        // More than one piece.
        var index = Append([.. Enumerable.Range(0, 100).Select(static i => Requests.Put($"k{i:d4}", new string('v', 10_000)))]);
        await using var donor = Start(
            _fullLog, StorageData.Open(_directory.Path), null, new StorageOptions { SnapshotStallLimit = TimeSpan.FromMilliseconds(500) });
        await donor.RangeAsync(Requests.Range("a").ToByteArray(), index, Soon);
        await using var stalled = donor.DatabaseAsync(Soon).GetAsyncEnumerator(Soon);
        Assert.True(await stalled.MoveNextAsync());
        await donor.DisposeAsync().AsTask().WaitAsync(Soon);
        await Assert.ThrowsAsync<SnapshotAbortedException>(() => stalled.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task Pinned_ConsumerStalls_LetsGo()
    {
        var released = new ReleaseNotice();
        using var pinned = new PinnedSnapshot<SnapshotChunk>(released, new SnapshotChunker(released), TimeSpan.FromMilliseconds(1), TimeProvider.System);
        await released.Task.WaitAsync(Soon);
        Assert.Throws<SnapshotAbortedException>(() => pinned.Next());
    }

    private int _peersAsked;

    private static SnapshotChunk Damage(SnapshotChunk chunk)
    {
        var rows = ((SnapshotRows)chunk).Rows.ToArray();
        rows[^1] ^= 1;
        return new SnapshotRows(rows);
    }

    /// <summary>A replica that has applied ten entries.</summary>
    private async Task<StorageService> StartReplicaAsync(bool waitForLog = true)
    {
        var options = new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(1), SnapshotSilenceLimit = TimeSpan.FromMilliseconds(500) };
        var source = new PeerSnapshots(
            _ =>
            {
                Interlocked.Increment(ref _peersAsked);
                lock (_peers)
                    return new([.. _peers]);
            },
            options, TimeProvider.System, NullLogger<PeerSnapshots>.Instance);
        _replica = Start(_log, StorageData.Open(_directory.Path), source, options);
        if (_log.Entries.Count == 0)
            Append(Puts(10));
        if (waitForLog)
            await _replica.RangeAsync(Requests.Range("a").ToByteArray(), new LogIndex((ulong)_log.Entries.Count), Soon);
        return _replica;
    }

    private StorageService Start(IConsensus log, StorageData data, ISnapshotSource? source, StorageOptions? options = null)
    {
        var service = Open(log, data, source, options);
        service.Start();
        return service;
    }

    private StorageService Open(IConsensus log, StorageData data, ISnapshotSource? source, StorageOptions? options = null) => new(
        log, data, options ?? new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(1) }, TimeProvider.System,
        NullLogger<StorageService>.Instance, (what, exception) => _fatal.Add($"{what}: {exception}"), source);

    private static IMessage[] Puts(int count) => [.. Enumerable.Range(0, count).Select(static i => Requests.Put($"k{i % 300:d3}", $"value {i}"))];

    private LogIndex Append(params IMessage[] requests)
    {
        var commands = requests.Select(Encode).ToArray();
        _fullLog.Append(commands);
        return _log.Append(commands);
    }

    // What the replica's log drops before the replica sees it.
    private async Task<LogIndex> AppendMissedAsync(params IMessage[] requests)
    {
        var commands = requests.Select(Encode).ToArray();
        await _donor.RangeAsync(Requests.Range("a").ToByteArray(), _fullLog.Append(commands), Soon);
        return _log.AppendAndCompact(commands);
    }

    private byte[] Encode(IMessage request) => new CommandEnvelope(
        request switch
        {
            PutRequest => CommandKind.Put,
            LeaseGrantRequest => CommandKind.LeaseGrant,
            _ => throw new UnreachableException(),
        },
        s_session, ++_sequence, _sequence, 1_000, default).Encode(request.ToByteArray());

    private async Task AssertEqualAsync(StorageService replica, LogIndex index)
    {
        foreach (var one in new[] { replica, _donor })
            await one.RangeAsync(Requests.Range("a").ToByteArray(), index, Soon);
        Assert.Equal(await _donor.HashKvAsync(0, Soon), await replica.HashKvAsync(0, Soon));
    }

    private async Task UntilAsync(Func<ValueTask<bool>> condition)
    {
        while (!await condition())
        {
            Soon.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class ReleaseNotice : ITreeSnapshot
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _released.Task;

        public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) => throw new UnreachableException();

        public ITreeCursor Seek(TableId table, ReadOnlySpan<byte> from) => throw new UnreachableException();

        public void Dispose() => _released.TrySetResult();
    }
}
