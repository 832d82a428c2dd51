using System.Diagnostics;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Host;
using Storage.Tests.Harness;

namespace Storage.Tests.Host;

/// <summary>Goal: the shell around the state machine: restart, failure, tracing, readers against compaction. Method: the service on trees in memory.</summary>
public sealed class StorageServiceTests
{
    private static readonly SessionId s_session = new(5);
    private readonly FakeConsensus _consensus = new();
    private readonly TaskCompletionSource<string> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _sequence;

    [Fact]
    public async Task Restart_OnTheSameTree_ReplaysOnlyWhatIsMissing()
    {
        var tree = new MemoryTree();
        await using (var service = Open(tree, new NullDevice()))
            await AppliedAsync(service, Append(Requests.Put("a", "1")));
        Append(Requests.Put("a", "2"));
        await using var restarted = Open(tree.AfterCrash(), new NullDevice());
        Assert.Equal(1UL, (await restarted.GetStatusAsync(default)).DurableIndex.Value);
        var result = await AppliedAsync(restarted, new LogIndex(2));
        Assert.Equal("a=2 c2 m3 v2 l0", RangeResponse.Parser.ParseFrom(result.Body.Span).Kvs.Single().Show());
    }

    [Fact]
    public async Task Restart_NothingNewToApply_ReportsWhatIsDurable()
    {
        var tree = new MemoryTree();
        await using (var service = Open(tree, new NullDevice()))
            await AppliedAsync(service, Append(Requests.Put("a", "1"), Requests.Put("a", "2")));
        var consensus = new FakeConsensus { ReportsToFail = 2 };
        await using var restarted = Open(tree.AfterCrash(), new NullDevice(), consensus);
        Assert.Equal(2UL, (await consensus.FirstReport.Task.WaitAsync(StorageContractTests.Patience)).Value);
    }

    [Fact]
    public async Task Commit_SyncFails_StopsTheProcess()
    {
        await using var service = Open(new MemoryTree(), new NullDevice { SyncFailure = new IOException("disk gone") });
        Append(Requests.Put("a", "1"));
        Assert.Equal("a tree commit failed", await _fatal.Task.WaitAsync(StorageContractTests.Patience));
    }

    [Fact]
    public async Task Tail_LogCompacted_StopsTheProcess()
    {
        await using var service = Open(new MemoryTree(), new NullDevice(), new CompactedConsensus());
        Assert.Contains("no longer holds", await _fatal.Task.WaitAsync(StorageContractTests.Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_SampledCommand_MakesAChildSpanThatTravelsWithTheEvents()
    {
        var trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Distributed.Storage",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.TraceId == trace.TraceId)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var service = Open(new MemoryTree(), new NullDevice());
        await AppliedAsync(service, _consensus.Append(
            new CommandEnvelope(CommandKind.Put, s_session, 1, 1, 1, trace).Encode(Requests.Put("a", "1").ToByteArray())));
        var history = await service.HistoryAsync(KeySpace.V3, "a"u8.ToArray(), default, 2, 3, 100, default);
        var span = Assert.Single(spans);
        Assert.Equal(("storage.apply", trace.SpanId), (span.OperationName, span.ParentSpanId));
        Assert.Equal(span.Context, history.Revisions.Single().Trace);
    }

    [Fact]
    public async Task Reads_WhileWritesAndCompactionsGoOn_NeverSeeHoles()
    {
        await using var service = Open(new MemoryTree(), new NullDevice());
        await AppliedAsync(service, Append([.. Enumerable.Range(0, 100).Select(static i => Requests.Put($"k{i:d3}", "x"))]));
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            long reads = 0;
            for (; !done.IsCancellationRequested; reads++)
            {
                // Every key exists at every revision, so a readable revision shows all of them.
                var status = await service.GetStatusAsync(default);
                var revision = random.Next(2) == 0 ? 0 : random.NextInt64(Math.Max(101, status.CompactRevision), status.Revision + 1);
                var result = await service.RangeAsync(Requests.Range("k", "l", revision).ToByteArray(), default, default);
                if (result.Error == StorageError.Compacted && revision != 0)
                    continue;
                Assert.Equal(StorageError.None, result.Error);
                Assert.Equal(100, RangeResponse.Parser.ParseFrom(result.Body.Span).Kvs.Count);
            }
            return reads;
        })).ToArray();
        for (var round = 0; round < 60; round++)
        {
            await AppliedAsync(service, Append([.. Enumerable.Range(0, 50).Select(i => Requests.Put($"k{(i * 7 + round) % 100:d3}", $"{round}"))]));
            await AppliedAsync(service, Append(new CompactionRequest { Revision = 101 + (round * 50) + 25 }));
        }
        await done.CancelAsync();
        Assert.All(await Task.WhenAll(readers), static reads => Assert.True(reads > 0));
        Assert.False(_fatal.Task.IsCompleted);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(3_600_000, 0)]
    public async Task Read_LongerThanTheLimit_IsToldOfAndCounted(int limitMilliseconds, int told)
    {
        var lines = new List<string>();
        using var logging = LoggerFactory.Create(builder => builder.AddProvider(new Lines(lines)));
        await using var service = new StorageService(
            _consensus, new StorageData(new MemoryTree(), new NullDevice(), null),
            new StorageOptions { WarningApplyDuration = TimeSpan.FromMilliseconds(limitMilliseconds) }, TimeProvider.System, logging.CreateLogger<StorageService>(), (what, _) => _fatal.TrySetResult(what));
        service.Start();
        await service.RangeAsync(Requests.Range("from", "to").ToByteArray(), default, default);
        await service.ReadOnlyTxnAsync(new TxnRequest { Success = { new RequestOp { RequestRange = Requests.Range("a") } } }.ToByteArray(), default, default);
        Assert.Equal(told, service.Metrics.SlowApplies.Value);
        Assert.Equal(told, lines.Count);
        if (told == 0)
            return;
        Assert.Contains("prefix=read-only range ", lines[0], StringComparison.Ordinal);
        Assert.Contains("request=key:\"from\" range_end:\"to\" ", lines[0], StringComparison.Ordinal);
        Assert.Contains("prefix=read-only txn ", lines[1], StringComparison.Ordinal);
    }

    private sealed class Lines(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception) != "apply request took too long")
                return;
            lock (lines)
                lines.Add(string.Join('|', ((IEnumerable<KeyValuePair<string, object?>>)state!).Select(static field => $"{field.Key}={field.Value}")));
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    private StorageService Open(MemoryTree tree, NullDevice device, IConsensus? consensus = null)
    {
        var service = new StorageService(
            consensus ?? _consensus, new StorageData(tree, device, null),
            new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(1), State = new() { HotRevisions = 16 } },
            TimeProvider.System, NullLogger<StorageService>.Instance, (what, _) => _fatal.TrySetResult(what));
        service.Start();
        return service;
    }

    private LogIndex Append(params IMessage[] requests) => _consensus.Append([.. requests.Select(request => new CommandEnvelope(
        request is PutRequest ? CommandKind.Put : CommandKind.Compact, s_session, ++_sequence, _sequence, 1, default).Encode(request.ToByteArray()))]);

    private static async Task<ReadResult> AppliedAsync(StorageService service, LogIndex index)
    {
        using var patience = new CancellationTokenSource(StorageContractTests.Patience);
        return await service.RangeAsync(Requests.Range("a").ToByteArray(), index, patience.Token);
    }

    private sealed class CompactedConsensus : IConsensus
    {
        public IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, CancellationToken cancellation) => throw new LogCompactedException(new LogIndex(9));
        public IProposalStream OpenProposals() => throw new NotSupportedException();
        public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) => throw new NotSupportedException();
        public ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) => throw new NotSupportedException();
        public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}
