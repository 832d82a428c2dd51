using System.Diagnostics;
using System.Text;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Core.Snapshots;
using Storage.Core.Tree;
using Storage.Host;
using Storage.Tests.Bolt;
using Storage.Tests.Database;
using Storage.Tests.Harness;

namespace Storage.Tests.Host;

/// <summary>Goal: what <see cref="IStorage"/> promises holds over every binding. Method: one body of tests, a log in memory, each binding a subclass.</summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public abstract class StorageContractTests : IAsyncLifetime
#pragma warning restore CA1001
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _patience = new(Patience);
    private StorageService _service = null!;
    private readonly RecordingSpace _space = new();
    private readonly MemoryTree _tree;
    private ulong _sequence;

    protected StorageContractTests() => _tree = new MemoryTree { Space = _space };

    protected static SessionId Session { get; } = new(0xabcdef);
    private protected FakeConsensus Consensus { get; } = new();
    protected IStorage Storage { get; private set; } = null!;
    private CancellationToken Soon => _patience.Token;

    protected abstract ValueTask<IStorage> BindAsync(StorageService service);

    protected abstract ValueTask UnbindAsync();

    public async Task InitializeAsync()
    {
        _service = new StorageService(
            Consensus, new StorageData(_tree, new NullDevice(), null), new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(1), AlarmMember = 0x5eed },
            TimeProvider.System, NullLogger<StorageService>.Instance, static (what, exception) => throw new UnreachableException(what, exception));
        _service.Start();
        Storage = await BindAsync(_service);
    }

    public async Task DisposeAsync()
    {
        await UnbindAsync();
        await _service.DisposeAsync();
        _patience.Dispose();
    }

    [Fact]
    public async Task SubscribeResults_ProposedAfterwards_EveryResultArrivesInOrder()
    {
        var sink = new RecordingSink();
        using var subscription = await Storage.SubscribeResultsAsync(Session, sink, CancellationToken.None);
        for (var i = 0; i < 500; i += 2)
            Append(Requests.Put("a", $"{i}"), Requests.Put("a", $"{i + 1}", prev: true));
        for (var i = 0; i < 500; i++)
        {
            var result = await sink.NextAsync();
            Assert.Equal(((ulong)i + 1, (ulong)i + 1, i + 2L), (result.Sequence, result.Index.Value, result.Revision));
            Assert.Equal((Session, StorageError.None, new Term(2)), (result.Session, result.Error, result.Term));
            if (i % 2 == 1)
                Assert.Equal($"{i - 1}", PutResponse.Parser.ParseFrom(result.Body.Span).PrevKv.Value.ToStringUtf8());
        }
    }

    [Fact]
    public async Task GetTimes_OfAnAppliedEntry_AreKnown_AndOfOneThatIsNotAreNot()
    {
        Append(Requests.Put("a", "1"), Requests.Put("a", "2"));
        await Storage.RangeAsync(Requests.Range("a").ToByteArray(), new LogIndex(2), Soon);
        var times = await Storage.GetTimesAsync(new LogIndex(2), Soon);
        Assert.True(times is { Waited.Ticks: >= 0, Applied.Ticks: > 0 }, $"{times}");
        Assert.Null(await Storage.GetTimesAsync(new LogIndex(3), Soon));
    }

    [Fact]
    public async Task SubscribeResults_OtherSessions_AreNotHeard()
    {
        var (mine, other) = (new RecordingSink(), new RecordingSink());
        using var first = await Storage.SubscribeResultsAsync(Session, mine, CancellationToken.None);
        using var second = await Storage.SubscribeResultsAsync(new SessionId(2), other, CancellationToken.None);
        Consensus.Append(
            Encode(CommandKind.Put, Requests.Put("a", "1"), Session, 1), Encode(CommandKind.Put, Requests.Put("a", "2"), new SessionId(2), 1),
            Encode(CommandKind.Put, Requests.Put("a", "3"), Session, 2));
        Assert.Equal(2, (await mine.NextAsync()).Revision);
        Assert.Equal(4, (await mine.NextAsync()).Revision);
        Assert.Equal(3, (await other.NextAsync()).Revision);
    }

    [Fact]
    public async Task SubscribeResults_ServiceStops_SinkIsTold()
    {
        var sink = new RecordingSink();
        using var subscription = await Storage.SubscribeResultsAsync(Session, sink, CancellationToken.None);
        await _service.DisposeAsync();
        Assert.NotEmpty(await sink.Broken);
    }

    [Fact]
    public async Task Range_MinAppliedNotYetApplied_WaitsForIt()
    {
        var early = Storage.RangeAsync(Requests.Range("a").ToByteArray(), new LogIndex(2), Soon).AsTask();
        Append(Requests.Put("a", "1"));
        await Storage.RangeAsync(Requests.Range("a").ToByteArray(), new LogIndex(1), Soon);
        Assert.False(early.IsCompleted);
        Append(Requests.Put("a", "2"));
        var result = await early;
        Assert.Equal((StorageError.None, 3, new LogIndex(2), new Term(2)), (result.Error, result.Revision, result.AppliedIndex, result.AppliedTerm));
        Assert.Equal("2", RangeResponse.Parser.ParseFrom(result.Body.Span).Kvs.Single().Value.ToStringUtf8());
    }

    [Fact]
    public async Task Range_Cancelled_EndsTheWait()
    {
        using var cancellation = new CancellationTokenSource();
        var waiting = Storage.RangeAsync(Requests.Range("a").ToByteArray(), new LogIndex(99), cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Range_Errors_AreValues()
    {
        var result = await Storage.RangeAsync(Requests.Range("a", revision: 9).ToByteArray(), default, Soon);
        Assert.Equal((StorageError.FutureRevision, 1), (result.Error, result.Revision));
        Assert.Equal(StorageError.Malformed, (await Storage.RangeAsync(new byte[] { 0xff }, default, Soon)).Error);
    }

    [Fact]
    public async Task Range_ManyAtOnce_EachGetsItsOwnAnswer()
    {
        for (var i = 0; i < 50; i++)
            Append(Requests.Put($"k{i}", $"{i}"));
        var reads = Enumerable.Range(0, 500)
            .Select(i => Storage.RangeAsync(Requests.Range($"k{i % 50}").ToByteArray(), new LogIndex(50), Soon).AsTask()).ToArray();
        var results = await Task.WhenAll(reads);
        for (var i = 0; i < results.Length; i++)
            Assert.Equal($"{i % 50}", RangeResponse.Parser.ParseFrom(results[i].Body.Span).Kvs.Single().Value.ToStringUtf8());
    }

    [Fact]
    public async Task Reads_OfEachCaller_AreAnsweredAsHeMay()
    {
        var own = new EtcdApi.Authpb.Permission { Key = Requests.Utf8("a"), RangeEnd = Requests.Utf8("c") };
        var index = Append(
            Requests.Put("a", "1"), new LeaseGrantRequest { ID = 4, TTL = 60 }, Requests.Put("z", "1", lease: 4),
            new AuthUserAddRequest { Name = "root", Options = new EtcdApi.Authpb.UserAddOptions { NoPassword = true } },
            new AuthUserAddRequest { Name = "ann", HashedPassword = Convert.ToBase64String("hash"u8) }, new AuthUserGrantRoleRequest { User = "root", Role = "root" },
            new AuthRoleAddRequest { Name = "own" }, new AuthRoleGrantPermissionRequest { Name = "own", Perm = own },
            new AuthUserGrantRoleRequest { User = "ann", Role = "own" }, new AuthEnableRequest(), new AuthTokenKey { Key = Requests.Utf8("key") });
        var (ann, root) = (await Storage.GetAuthAsync("ann", index, Soon), await Storage.GetAuthAsync("root", index, Soon));
        Assert.Equal((true, 7UL, index, new Term(2), 3L), (ann.IsEnabled, ann.Revision, ann.AppliedIndex, ann.AppliedTerm, ann.StoreRevision));
        Assert.Equal(("key", "hash"), (Encoding.UTF8.GetString(ann.TokenKey.Span), Encoding.UTF8.GetString(ann.User!.PasswordHash.Span)));
        Assert.Equal((false, true), (ann.User.HasNoPassword, root.User!.HasNoPassword));
        Assert.Null((await Storage.GetAuthAsync("nobody", index, Soon)).User);

        foreach (var (caller, mine, others) in new[]
                 {
                     (Caller.Internal, StorageError.None, StorageError.None), (Caller.Anonymous, StorageError.UserEmpty, StorageError.UserEmpty),
                     (Caller.Of("ann", 7), StorageError.None, StorageError.PermissionDenied), (Caller.Of("root", 7), StorageError.None, StorageError.None),
                     (Caller.Of("root", 6), StorageError.AuthRevisionOld, StorageError.AuthRevisionOld),
                 })
        {
            Assert.Equal(mine, (await Storage.RangeAsync(Requests.Range("a").ToByteArray(), index, caller, Soon)).Error);
            Assert.Equal(others, (await Storage.RangeAsync(Requests.Range("z").ToByteArray(), index, caller, Soon)).Error);
            Assert.Equal(others, (await Storage.ReadOnlyTxnAsync(Requests.Txn([], [Requests.Range("z")]).ToByteArray(), index, caller, Soon)).Error);
            Assert.Equal(mine, (await Storage.AuthorizeAsync(AccessRequest.AnyUser, index, caller, Soon)).Error);
            Assert.Equal(others, (await Storage.AuthorizeAsync(AccessRequest.Admin, index, caller, Soon)).Error);
            Assert.Equal(others, (await Storage.AuthorizeAsync(new AccessRequest(AccessKind.Lease, IsWrite: true) { Lease = 4 }, index, caller, Soon)).Error);
            Assert.Equal(mine, (await Storage.AuthorizeAsync(Ranges(("a", "b"), ("b", "c")), index, caller, Soon)).Error);
            Assert.Equal(others, (await Storage.AuthorizeAsync(Ranges(("a", "b"), ("b", "d")), index, caller, Soon)).Error);
        }

        static AccessRequest Ranges(params (string Key, string End)[] ranges) => new(AccessKind.Ranges)
        {
            Ranges = [.. ranges.Select(static range => ((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(range.Key), (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(range.End)))],
        };
    }

    [Fact]
    public async Task ReadOnlyTxn_TwoRanges_AreAnswered()
    {
        var index = Append(Requests.Put("a", "1"));
        var result = await Storage.ReadOnlyTxnAsync(
            Requests.Txn([Requests.VersionIs("a", 1)], [Requests.Range("a"), Requests.Range("b")]).ToByteArray(), index, Soon);
        var response = TxnResponse.Parser.ParseFrom(result.Body.Span);
        Assert.True(response.Succeeded);
        Assert.Equal(2, response.Responses.Count);
    }

    [Fact]
    public async Task GetV2_NodeAndMissingNode_AnswerJsonAndCode()
    {
        var index = Append(new V2Write { Operation = V2Write.Types.Operation.Set, Path = "/a", Value = Requests.Utf8("1") });
        var found = await Storage.GetV2Async("/a", false, false, 0, index, Soon);
        Assert.Equal("""{"action":"get","node":{"key":"/a","value":"1","modifiedIndex":4,"createdIndex":4}}""", Encoding.UTF8.GetString(found.Body.Span));
        var missing = await Storage.GetV2Async("/b", false, false, 0, index, Soon);
        Assert.Equal((StorageError.V2, 100, 4, "/b"), (missing.Error, missing.Detail, missing.Revision, Encoding.UTF8.GetString(missing.Body.Span)));
    }

    [Fact]
    public async Task Feed_FromThePast_GivesEveryRevisionOnceAndGoesOnLive()
    {
        Append(Requests.Put("a", "1"), Requests.Put("a", "2"));
        var revisions = new List<RevisionEvents>();
        long marked = 0;
        var isLive = false;
        await foreach (var batch in Storage.FeedAsync(KeySpace.V3, 2, Soon))
        {
            revisions.AddRange(batch.Revisions);
            Assert.True(batch.CurrentRevision >= marked);
            Assert.All(batch.Revisions, revision => Assert.True(revision.Revision <= batch.CurrentRevision));
            marked = batch.CurrentRevision;
            // Once: a mark may follow, which has no revisions.
            if (revisions.Count == 2 && !isLive)
            {
                isLive = true;
                Append(Requests.Txn([], [Requests.Delete("a"), Requests.Put("b", "3")]));
            }
            if (revisions.Count == 3)
                break;
        }
        Assert.Equal([2, 3, 4], revisions.Select(static revision => revision.Revision));
        Assert.Equal([FeedEventKind.Delete, FeedEventKind.Put], revisions[2].Events.Select(static change => change.Kind));
        var update = revisions[1].Events.Single();
        Assert.Null(EtcdApi.Mvccpb.Event.Parser.ParseFrom(update.Event.Span).PrevKv);
        Assert.Equal("1", EtcdApi.Mvccpb.Event.Parser.ParseFrom(update.EventWithPrevious.Span).PrevKv.Value.ToStringUtf8());
        Assert.True(revisions[0].Events[0].Event.Span.SequenceEqual(revisions[0].Events[0].EventWithPrevious.Span));
    }

    [Fact]
    public async Task Feed_FromZero_BeginsWithAMarkAndTheNextRevision()
    {
        await AppliedAsync(Append(Requests.Put("a", "1")));
        var feed = Storage.FeedAsync(KeySpace.V3, 0, Soon).GetAsyncEnumerator(Soon);
        await using var _ = feed;
        Assert.True(await feed.MoveNextAsync());
        Assert.Equal((0, 2), (feed.Current.Revisions.Count, feed.Current.CurrentRevision));
        Append(Requests.Put("a", "2"));
        do
            Assert.True(await feed.MoveNextAsync());
        while (feed.Current.Revisions.Count == 0);
        Assert.Equal(3, feed.Current.Revisions.Single().Revision);
    }

    [Fact]
    public async Task Feed_Compacted_ThrowsWithTheOldestRevision()
    {
        Append(Requests.Put("a", "1"), Requests.Put("a", "2"), Requests.Put("a", "3"));
        await AppliedAsync(Append(new CompactionRequest { Revision = 3 }));
        var thrown = await Assert.ThrowsAsync<RevisionCompactedException>(async () =>
        {
            await foreach (var _ in Storage.FeedAsync(KeySpace.V3, 2, Soon))
                continue;
        });
        Assert.Equal(3, thrown.CompactRevision);
        await foreach (var batch in Storage.FeedAsync(KeySpace.V3, 3, Soon))
        {
            Assert.Equal((3, 3), (batch.Revisions[0].Revision, batch.CompactRevision));
            break;
        }
    }

    [Fact]
    public async Task Feed_V2_GivesEventsWithTheirKinds()
    {
        Append(
            new V2Write { Operation = V2Write.Types.Operation.Set, Path = "/d", Dir = true },
            new V2Write { Operation = V2Write.Types.Operation.Update, Path = "/d", Refresh = true, ExpiresAtUnixNanos = long.MaxValue },
            new V2Write { Operation = V2Write.Types.Operation.Delete, Path = "/d", Dir = true });
        var kinds = new List<FeedEventKind>();
        await foreach (var batch in Storage.FeedAsync(KeySpace.V2, 4, Soon))
        {
            kinds.AddRange(batch.Revisions.SelectMany(static revision => revision.Events).Select(static change => change.Kind));
            if (kinds.Count == 3)
                break;
        }
        Assert.Equal(
            [FeedEventKind.Directory, FeedEventKind.Directory | FeedEventKind.Silent, FeedEventKind.Directory | FeedEventKind.Delete], kinds);
    }

    [Fact]
    public async Task Feed_TracedCommand_CarriesItsTrace()
    {
        var trace = NewTrace();
        Consensus.Append([new CommandEnvelope(CommandKind.Put, Session, ++_sequence, 1, 1_000, trace).Encode(Requests.Put("a", "1").ToByteArray())]);
        await foreach (var batch in Storage.FeedAsync(KeySpace.V3, 2, Soon))
        {
            if (batch.Revisions.Count == 0)
                continue;
            var carried = batch.Revisions.Single().Trace;
            Assert.Equal((trace.TraceId, ActivityTraceFlags.Recorded), (carried.TraceId, carried.TraceFlags));
            break;
        }
    }

    [Fact]
    public async Task Range_WithinARecordedSpan_IsPartOfItsTrace()
    {
        var reads = new System.Collections.Concurrent.ConcurrentBag<Activity>();
        using var source = new ActivitySource(nameof(Range_WithinARecordedSpan_IsPartOfItsTrace));
        using var listener = new ActivityListener
        {
            ShouldListenTo = listened => listened == source || listened.Name == "Distributed.Storage",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = reads.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var caller = source.StartActivity("caller", ActivityKind.Internal, NewTrace());
        await Storage.RangeAsync(Requests.Range("x").ToByteArray(), default, Soon);
        Assert.Contains(reads, span => span.OperationName == "storage.range" && span.TraceId == caller!.TraceId);
    }

    [Fact]
    public async Task History_Range_GivesMatchingEventsOnly()
    {
        await AppliedAsync(Append(Requests.Put("a", "1"), Requests.Put("b", "2"), Requests.Put("a", "3")));
        var batch = await Storage.HistoryAsync(KeySpace.V3, "a"u8.ToArray(), default, 2, 4, 1_000, Soon);
        Assert.Equal((1, 4, 0), (batch.Revisions.Count, batch.NextRevision, batch.CompactRevision));
        Assert.Equal("a"u8.ToArray(), batch.Revisions[0].Events.Single().Key.ToArray());
    }

    [Fact]
    public async Task Leases_Feed_BeginsWithAllAndGoesOnWithChanges()
    {
        Append(new LeaseGrantRequest { ID = 1, TTL = 10 });
        await AppliedAsync(Append(new LeaseGrantRequest { ID = 2, TTL = 20 }));
        var changes = new List<LeaseChange>();
        ulong epoch = 0;
        await foreach (var batch in Storage.LeasesAsync(Soon))
        {
            Assert.Equal(changes.Count == 0, batch.Reset);
            changes.AddRange(batch.Changes);
            epoch = batch.Claim.Epoch;
            if (changes.Count == 2)
                Append(new LeaseClaim { Manager = "m" }, new LeaseRevokeRequest { ID = 1 });
            if (changes.Count == 3)
            {
                Assert.Equal(4UL, batch.AppliedIndex.Value);
                break;
            }
        }
        Assert.Equal([new(1, 10, false) { GrantedAt = 1 }, new(2, 20, false) { GrantedAt = 2 }, new LeaseChange(1, 10, true)], changes);
        Assert.Equal(1UL, epoch);
    }

    [Fact]
    public async Task LeaseKeys_KnownAndUnknownLease_GiveKeysAndNull()
    {
        Append(new LeaseGrantRequest { ID = 1, TTL = 10 });
        var index = Append(Requests.Put("b", "1", lease: 1), Requests.Put("a", "1", lease: 1));
        var keys = await Storage.LeaseKeysAsync(1, index, Soon);
        Assert.Equal("a b", string.Join(' ', keys!.Select(static key => Encoding.UTF8.GetString(key.Span))));
        Assert.Null(await Storage.LeaseKeysAsync(2, index, Soon));
    }

    [Fact]
    public async Task Status_AfterACommit_ReportsDurability()
    {
        var index = Append(Requests.Put("a", "1"), new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 7, Alarm = AlarmType.Nospace });
        StorageStatus status;
        do
        {
            status = await Storage.GetStatusAsync(Soon);
            await Task.Yield();
        }
        while (status.DurableIndex != index || Consensus.ReportedDurable != index);
        Assert.Equal((index, new Term(2), 2, -1, 3), (status.AppliedIndex, status.AppliedTerm, status.Revision, status.CompactRevision, status.V2Index));
        Assert.Equal([(7UL, 1)], status.Alarms);
    }

    [Fact]
    public async Task Swept_AfterACompaction_TheOldRevisionsAreGoneForGood()
    {
        Append([.. Enumerable.Range(0, 2_000).Select(static i => Requests.Put($"k{i % 1_000}", $"{i}"))]);
        await AppliedAsync(Append(new CompactionRequest { Revision = 2_001 }));
        await Storage.SweptAsync(2_001, Soon);
        using var durable = _tree.AfterCrash().OpenSnapshot();
        var left = 0;
        for (var row = durable.Seek(TableId.Revisions, []); row.MoveNext();)
            left++;
        Assert.Equal(1_000, left);
        await Storage.SweptAsync(2_001, Soon);
    }

    [Fact]
    public async Task Swept_NothingCompacted_WaitsUntilCancelled()
    {
        await AppliedAsync(Append(Requests.Put("a", "1")));
        using var leaving = new CancellationTokenSource();
        var waiting = Storage.SweptAsync(2, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => waiting.WaitAsync(Patience));
    }

    [Fact]
    public async Task Hash_OfTheWholeFile_ChangesWithIt()
    {
        var empty = await Storage.HashAsync(Soon);
        Assert.Equal(empty, await Storage.HashAsync(Soon));
        await AppliedAsync(Append(Requests.Put("a", "1")));
        Assert.NotEqual(empty, await Storage.HashAsync(Soon));
    }

    [Fact]
    public async Task Hash_OnlyTheLogMovedOn_StaysAsItWas()
    {
        await AppliedAsync(Append(Requests.Put("a", "1")));
        var hash = await Storage.HashAsync(Soon);
        // What a start leaves in the log: a claim of the leases, and what its session remembers of it.
        var claimed = Consensus.Append(Encode(CommandKind.LeaseClaim, new LeaseClaim { Manager = "m" }, new SessionId(9), 1));
        await AppliedAsync(claimed);
        Assert.Equal(hash, await Storage.HashAsync(Soon));
    }

    [Fact]
    public async Task Status_QuotaAndAlarmMember_AreToldOverEveryBinding()
    {
        var status = await Storage.GetStatusAsync(Soon);
        Assert.Equal((100L << 30, 0x5eedUL), (status.QuotaBytes, status.AlarmMember));
    }

    [Fact]
    public async Task Defragment_Asked_StartsAndAnswersAtOnce()
    {
        await Storage.DefragmentAsync(Soon);
        await _space.Asked.WaitAsync(Patience);
        await Storage.DefragmentAsync(Soon);
        Assert.Equal(StorageError.None, (await Storage.RangeAsync(Requests.Range("a").ToByteArray(), default, Soon)).Error);
    }

    [Fact]
    public async Task HashKv_EqualContent_EqualHash()
    {
        await AppliedAsync(Append(Requests.Put("a", "1")));
        var first = await Storage.HashKvAsync(0, Soon);
        await AppliedAsync(Append(Requests.Put("b", "1")));
        Assert.Equal(first with { CurrentRevision = 3 }, await Storage.HashKvAsync(2, Soon));
        Assert.NotEqual(first.Hash, (await Storage.HashKvAsync(0, Soon)).Hash);
        Assert.Equal(StorageError.FutureRevision, (await Storage.HashKvAsync(9, Soon)).Error);
    }

    [Fact]
    public async Task Snapshot_WhileWritesGoOn_IsTheStateOfItsIndex()
    {
        Append([.. Enumerable.Range(0, 3_000).Select(static i => Requests.Put($"k{i:d4}", new string('v', 500)))]);
        await AppliedAsync(Append(new LeaseGrantRequest { ID = 1, TTL = 10 }));
        var before = await Storage.HashKvAsync(0, Soon);
        var tree = new MemoryTree();
        var loader = new SnapshotLoader(tree);
        var chunks = 0;
        await foreach (var chunk in Storage.SnapshotAsync(Soon))
        {
            loader.Add(chunk);
            if (++chunks == 1)
                await AppliedAsync(Append(Requests.Put("later", "x"), new LeaseGrantRequest { ID = 2, TTL = 10 }));
        }
        Assert.True(loader.IsComplete);
        Assert.True(chunks > 3);
        Assert.Equal((3_001UL, 2UL), (loader.Start!.AppliedIndex.Value, loader.Start.AppliedTerm.Value));
        var commit = tree.BeginCommit()!;
        commit.WriteTo(new NullDevice());
        tree.CompleteCommit(commit);
        var copy = new Replica(tree);
        Assert.Equal(before.Hash, StateReads.Hash(copy.State, 0).Hash);
        Assert.NotNull(copy.State.Current.Leases.KeysOf(1));
        Assert.Null(copy.State.Current.Leases.KeysOf(2));
    }

    [Fact]
    public async Task Snapshot_ReplicaStops_IsAborted()
    {
        await AppliedAsync(Append([.. Enumerable.Range(0, 100).Select(static i => Requests.Put($"k{i:d4}", new string('v', 1_000_000)))]));
        await using var snapshot = Storage.SnapshotAsync(Soon).GetAsyncEnumerator();
        Assert.True(await snapshot.MoveNextAsync());
        await _service.DisposeAsync();
        await Assert.ThrowsAsync<SnapshotAbortedException>(async () =>
        {
            while (await snapshot.MoveNextAsync())
                continue;
        });
    }

    [Fact]
    public async Task Database_WhileWritesGoOn_IsTheStateAtItsBeginning()
    {
        Append([.. Enumerable.Range(0, 3_000).Select(static i => Requests.Put($"k{i:d4}", new string('v', 500)))]);
        await AppliedAsync(Append(new LeaseGrantRequest { ID = 1, TTL = 10 }));
        var before = await Storage.HashKvAsync(0, Soon);
        var bytes = new MemoryStream();
        var remaining = -1L;
        await foreach (var piece in Storage.DatabaseAsync(Soon))
        {
            Assert.True(remaining < 0 || remaining == piece.RemainingBytes + piece.Bytes.Length);
            if (remaining < 0)
                await AppliedAsync(Append(Requests.Put("later", "x"), new LeaseGrantRequest { ID = 2, TTL = 10 }));
            remaining = piece.RemainingBytes;
            bytes.Write(piece.Bytes.Span);
        }
        Assert.Equal(0, remaining);
        var copy = DatabaseFiles.Load(new MemoryBolt(bytes.ToArray()));
        Assert.Equal(before.Hash, StateReads.Hash(copy.State, 0).Hash);
        Assert.NotNull(copy.State.Current.Leases.KeysOf(1));
        Assert.Null(copy.State.Current.Leases.KeysOf(2));
    }

    [Fact]
    public async Task Database_ReplicaStops_IsAborted()
    {
        await AppliedAsync(Append([.. Enumerable.Range(0, 100).Select(static i => Requests.Put($"k{i:d4}", new string('v', 1_000_000)))]));
        await using var pieces = Storage.DatabaseAsync(Soon).GetAsyncEnumerator();
        Assert.True(await pieces.MoveNextAsync());
        await _service.DisposeAsync();
        await Assert.ThrowsAsync<SnapshotAbortedException>(async () =>
        {
            while (await pieces.MoveNextAsync())
                continue;
        });
    }

    [Fact]
    public async Task Start_NothingAppliedYet_ReportsDurability() => Assert.Equal(default, await Consensus.FirstReport.Task.WaitAsync(Patience));

    [Fact]
    public async Task Tail_Broken_IsOpenedAgainWithoutGapOrRepeat()
    {
        Consensus.TailsToBreak = 2;
        var sink = new RecordingSink();
        using var subscription = await Storage.SubscribeResultsAsync(Session, sink, CancellationToken.None);
        for (var i = 1; i <= 3; i++)
        {
            Append(Requests.Put("a", $"{i}"));
            Assert.Equal(i + 1, (await sink.NextAsync()).Revision);
        }
        Assert.True(Consensus.TailsOpened > 2);
    }

    private LogIndex Append(params IMessage[] requests) => Consensus.Append([.. requests.Select(request => Encode(
        request switch
        {
            PutRequest => CommandKind.Put,
            TxnRequest => CommandKind.Txn,
            CompactionRequest => CommandKind.Compact,
            LeaseGrantRequest => CommandKind.LeaseGrant,
            LeaseRevokeRequest => CommandKind.LeaseRevoke,
            AlarmRequest => CommandKind.Alarm,
            V2Write => CommandKind.V2Write,
            LeaseClaim => CommandKind.LeaseClaim,
            AuthUserAddRequest => CommandKind.UserAdd,
            AuthUserGrantRoleRequest => CommandKind.UserGrantRole,
            AuthRoleAddRequest => CommandKind.RoleAdd,
            AuthRoleGrantPermissionRequest => CommandKind.RoleGrantPermission,
            AuthEnableRequest => CommandKind.AuthEnable,
            AuthTokenKey => CommandKind.AuthTokenKey,
            _ => throw new ArgumentException("no command", nameof(requests)),
        },
        request, Session, ++_sequence))]);

    private static ActivityContext NewTrace() =>
        new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

    private async Task AppliedAsync(LogIndex index) => await Storage.RangeAsync(Requests.Range("x").ToByteArray(), index, Soon);

    private static byte[] Encode(CommandKind kind, IMessage request, SessionId session, ulong sequence) =>
        new CommandEnvelope(kind, session, sequence, 1, 1_000, default).Encode(request.ToByteArray());
}
