using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Service;
using Consensus.Host.Wal;
using Consensus.Tests.Support;
using Consensus.Tests.Wal;

namespace Consensus.Tests.Service;

/// <summary>What only the in-process service has: restart, refusal to start, failing disks, spans.</summary>
public sealed class ConsensusServiceTests : IDisposable
{
    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));

    private ConsensusOptions Options => new() { DataDirectory = _temp["data"], SegmentBytes = 64 * 1024 };

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
    }

    private async Task<List<Entry>> Tail(ConsensusService service, int count)
    {
        var entries = new List<Entry>();
        await foreach (var batch in service.TailAsync(new(1), _deadline.Token))
        {
            entries.AddRange(batch.Entries);
            if (entries.Count >= count)
                break;
        }
        return entries;
    }

    [Fact]
    public async Task Start_AfterRestart_KeepsEntriesAndRaisesTerm()
    {
        await using (var first = ConsensusService.Start(Options))
        {
            await using var stream = first.OpenProposals();
            for (byte i = 0; i < 100; i++)
                await stream.ProposeAsync(new Proposal(new[] { i }, default), _deadline.Token);
        }
        await using var second = ConsensusService.Start(Options);
        var entries = await Tail(second, 102);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), entries.Where(e => e.Kind == EntryKind.Command).Select(e => e.Data.Span[0]));
        Assert.Equal(2ul, entries[^1].Term.Value);
        var read = second.ReadIndexAsync(_deadline.Token);
        Assert.True(read.IsCompletedSuccessfully);
        Assert.Equal(new ReadIndex(new(102), new(2)), await read);
    }

    [Fact]
    public async Task Start_DirectoryInUse_Refused()
    {
        await using var first = ConsensusService.Start(Options);
        Assert.Throws<DataDirectoryException>(() => ConsensusService.Start(Options));
    }

    [Fact]
    public async Task Start_OtherTokenOrName_Refused()
    {
        await ConsensusService.Start(Options).DisposeAsync();
        Assert.Throws<DataDirectoryException>(() => ConsensusService.Start(Options with { Token = "another" }));
        await ConsensusService.Start(Options).DisposeAsync();
    }

    [Fact]
    public void Start_SeveralMembers_RefusedInOneLine()
    {
        var e = Assert.Throws<FormatException>(() => ConsensusService.Start(
            Options with { InitialCluster = "default=http://localhost:2380,b=http://localhost:2390" }));
        Assert.Contains("peer transport", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public async Task Propose_SyncFails_IsFatalAndCommitsNothing()
    {
        var disk = new FaultyDisk();
        var fatal = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = ConsensusService.Start(Options with { OnFatal = e => fatal.TrySetResult(e) }, disk: disk);
        var stream = service.OpenProposals();
        disk.FailSync = true;
        await stream.ProposeAsync(new Proposal(new byte[] { 1 }, default), _deadline.Token);
        Assert.IsType<WalFailedException>(await fatal.Task.WaitAsync(_deadline.Token));
        await stream.Broken.WaitAsync(_deadline.Token);
        await Assert.ThrowsAsync<LogUnavailableException>(() => Tail(service, 2));
    }

    [Fact]
    public async Task Propose_NoSpace_BreaksStreamsAndRecoversWithSpace()
    {
        var disk = new FaultyDisk();
        await using var service = ConsensusService.Start(Options, disk: disk);
        disk.FailPreallocate = true;
        var stream = service.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[100_000], default), _deadline.Token);
        await stream.Broken.WaitAsync(_deadline.Token);
        disk.FailPreallocate = false;
        await using var next = service.OpenProposals();
        await next.ProposeAsync(new Proposal(new byte[100_000], default), _deadline.Token);
        Assert.Equal(100_000, (await Tail(service, 2))[1].Data.Length);
    }

    [Fact]
    public async Task Propose_SampledTrace_GetsItsSpans()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ConsensusService.TelemetryName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                lock (spans)
                    spans.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        await using (var service = ConsensusService.Start(Options))
        {
            await using var stream = service.OpenProposals();
            await stream.ProposeAsync(new Proposal(new byte[1], parent), _deadline.Token);
            await Tail(service, 2);
        }
        var mine = spans.Where(span => span.TraceId == parent.TraceId).ToArray();
        Assert.Equal(["consensus.propose", "consensus.fsync", "consensus.commit"], mine.Select(span => span.OperationName));
        Assert.All(mine, span => Assert.Equal(parent.SpanId, span.ParentSpanId));
        Assert.All(mine, span => Assert.Single(span.Links));
    }
}
