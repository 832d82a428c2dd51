using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Service;
using Consensus.Core.Wal;
using Consensus.Host.Identity;
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

    [Theory]
    [InlineData(60, 1L << 40, true)]
    [InlineData(0, 1L << 40, false)] // Its word is too old.
    [InlineData(60, 64 * 1024, false)] // The log is too long.
    public async Task Keep_OnlyForAWhileAndWithinALength(int keepSeconds, long maxBytes, bool isKept)
    {
        await using var service = await ConsensusService.StartAsync(
            Options with { KeepEntries = 5, KeepTime = TimeSpan.FromSeconds(keepSeconds), MaxKeptBytes = maxBytes });
        await using var stream = service.OpenProposals();
        await WriteAndKeepAsync(service, stream);
        Assert.Equal(isKept, await IsKeptAsync(service));
    }

    [Fact]
    public async Task Keep_NoSpaceLeft_SpaceGoesFirst()
    {
        FaultyDisk disk = null!;
        await using var service = await ConsensusService.StartAsync(Options with { KeepEntries = 5 }, openDisk: directory => disk = new FaultyDisk(directory));
        await using var stream = service.OpenProposals();
        await WriteAndKeepAsync(service, stream);
        Assert.True(await IsKeptAsync(service));
        disk.FailSpare = true;
        await stream.ProposeAsync(new Proposal(new byte[100_000], default), _deadline.Token);
        await stream.Broken.WaitAsync(_deadline.Token);
        Assert.False(await IsKeptAsync(service));
    }

    /// <summary>400 commands, of which a replica asks for those after entry 2, and another reports most as durable.</summary>
    private async Task WriteAndKeepAsync(ConsensusService service, IProposalStream stream)
    {
        // In groups, of which a segment holds several: one group alone would be one segment, however long.
        for (var index = 4ul; index <= 403; index++)
        {
            await stream.ProposeAsync(new Proposal(new byte[1000], default), _deadline.Token);
            if (index % 20 == 3)
                await service.GetStatusAsync(new LogIndex(index), _deadline.Token);
        }
        await service.KeepAsync("b", new LogIndex(2), _deadline.Token);
        await service.ReportDurableAsync("a", new LogIndex(390), _deadline.Token);
        // The first may overtake what was asked before it; when the second is committed, that has been done.
        for (var index = 404ul; index <= 405; index++)
        {
            await stream.ProposeAsync(new Proposal(new byte[1], default), _deadline.Token);
            await service.GetStatusAsync(new LogIndex(index), _deadline.Token);
        }
    }

    private async Task<bool> IsKeptAsync(ConsensusService service)
    {
        try
        {
            await using var tail = service.TailAsync(new LogIndex(3), _deadline.Token).GetAsyncEnumerator(_deadline.Token);
            return await tail.MoveNextAsync();
        }
        catch (LogCompactedException)
        {
            return false;
        }
    }

    /// <summary>Starts a member and waits until it has said its name: entries 1 to 3 are the first members, the empty entry, the name.</summary>
    private async Task<ConsensusService> StartAsync(ConsensusOptions options, Func<string, ILogDisk>? openDisk = null)
    {
        var service = await ConsensusService.StartAsync(options, openDisk: openDisk);
        await service.GetStatusAsync(new LogIndex(3), _deadline.Token);
        return service;
    }

    private static ActivityListener Record(List<Activity> spans)
    {
        var listener = new ActivityListener
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
        return listener;
    }

    [Fact]
    public async Task Start_AfterRestart_KeepsEntriesAndRaisesTerm()
    {
        await using (var first = await StartAsync(Options))
        {
            await using var stream = first.OpenProposals();
            for (byte i = 0; i < 100; i++)
                await stream.ProposeAsync(new Proposal(new[] { i }, default), _deadline.Token);
        }
        await using var second = await StartAsync(Options);
        var entries = await Tail(second, 104);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), entries.Where(e => e.Kind == EntryKind.Command).Select(e => e.Data.Span[0]));
        Assert.Equal(3ul, entries[^1].Term.Value);
        var read = second.ReadIndexAsync(_deadline.Token);
        Assert.True(read.IsCompletedSuccessfully);
        Assert.Equal(new ReadIndex(new(104), new(3)), await read);
    }

    [Fact]
    public async Task Start_PeersThatResetConnections_AreNoAnswer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var resetting = ResetAllAsync(listener);
        // Where exactly a connection dies is chance: many are tried.
        var others = string.Concat(Enumerable.Range(0, 200).Select(n => $",m{n}=http://{listener.LocalEndpoint}"));
        await Assert.ThrowsAsync<JoinRefusedException>(() => ConsensusService.StartAsync(
            Options with { JoinsExisting = true, InitialCluster = "default=http://localhost:2380" + others }));
        listener.Stop();
        await resetting;
    }

    private static async Task ResetAllAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptSocketAsync();
                connection.LingerState = new LingerOption(true, 0);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // The listener was stopped.
        }
    }

    [Fact]
    public async Task Start_DirectoryInUse_Refused()
    {
        await using var first = await StartAsync(Options);
        await Assert.ThrowsAsync<DataDirectoryException>(() => ConsensusService.StartAsync(Options));
    }

    [Fact]
    public async Task Start_OtherFlagsOnOldData_TheDataSaysWhoItIs()
    {
        MemberId self;
        await using (var first = await StartAsync(Options))
            self = first.Self;
        await using var second = await StartAsync(Options with { Token = "another", PeerUrls = ["http://localhost:9"] });
        Assert.Equal(self, second.Self);
        Assert.Equal(["http://localhost:2380"], second.Status.Members[0].PeerUrls);
    }

    [Fact]
    public async Task Start_OtherNameOnOldData_IsPublished()
    {
        await (await StartAsync(Options)).DisposeAsync();
        await using var second = await StartAsync(Options with { Name = "renamed", InitialCluster = "" });
        // Published means that the cluster knows it, and so does this member.
        await second.Published.WaitAsync(_deadline.Token);
        Assert.Equal("renamed", second.Status.Members[0].Name);
    }

    [Fact]
    public async Task Start_ForceNewClusterOfThree_LeadsAloneWithItsData()
    {
        var three = Options with { InitialCluster = "default=http://localhost:2380,b=http://127.0.0.1:1,c=http://127.0.0.1:2" };
        await using (var first = await ConsensusService.StartAsync(three))
            Assert.Equal(3, first.Status.Members.Count);
        await using var alone = await StartAsync(three with { ForceNewCluster = true });
        Assert.True(alone.IsLeader);
        Assert.Equal(alone.Self, Assert.Single(alone.Status.Members).Id);
        await using var stream = alone.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[] { 7 }, default), _deadline.Token);
        Assert.Equal(7, (await Tail(alone, 5)).Last(entry => entry.Kind == EntryKind.Command).Data.Span[0]);
    }

    [Fact]
    public async Task Propose_SyncFails_IsFatalAndCommitsNothing()
    {
        FaultyDisk disk = null!;
        var fatal = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = await StartAsync(Options with { OnFatal = e => fatal.TrySetResult(e) }, openDisk: directory => disk = new FaultyDisk(directory));
        var stream = service.OpenProposals();
        disk.FailSync = true;
        await stream.ProposeAsync(new Proposal(new byte[] { 1 }, default), _deadline.Token);
        Assert.IsType<WalFailedException>(await fatal.Task.WaitAsync(_deadline.Token));
        await stream.Broken.WaitAsync(_deadline.Token);
        await Assert.ThrowsAsync<LogUnavailableException>(() => Tail(service, 4));
    }

    [Fact]
    public async Task Propose_NoSpace_BreaksStreamsAndRecoversWithSpace()
    {
        FaultyDisk disk = null!;
        await using var service = await StartAsync(Options, openDisk: directory => disk = new FaultyDisk(directory));
        disk.FailSpare = true;
        var stream = service.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[100_000], default), _deadline.Token);
        await stream.Broken.WaitAsync(_deadline.Token);
        disk.FailSpare = false;
        await using var next = service.OpenProposals();
        await next.ProposeAsync(new Proposal(new byte[100_000], default), _deadline.Token);
        Assert.Equal(100_000, (await Tail(service, 4))[3].Data.Length);
    }

    [Fact]
    public async Task Propose_SampledTrace_GetsItsSpans()
    {
        var spans = new List<Activity>();
        using var listener = Record(spans);
        var parent = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        await using (var service = await StartAsync(Options))
        {
            await using var stream = service.OpenProposals();
            await stream.ProposeAsync(new Proposal(new byte[1], parent), _deadline.Token);
            await Tail(service, 4);
        }
        var mine = spans.Where(span => span.TraceId == parent.TraceId).ToArray();
        Assert.Equal(["consensus.propose", "consensus.fsync", "consensus.commit"], mine.Select(span => span.OperationName));
        Assert.All(mine, span => Assert.Equal(parent.SpanId, span.ParentSpanId));
        Assert.All(mine, span => Assert.Single(span.Links));
    }

    [Fact]
    public async Task Propose_SampledTraces_TheirBatchLinksToEachAndEachToItsBatch()
    {
        var spans = new List<Activity>();
        using var listener = Record(spans);
        ActivityContext[] parents = [.. Enumerable.Range(0, 3).Select(static _ =>
            new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded))];
        await using (var service = await StartAsync(Options))
        {
            await using var stream = service.OpenProposals();
            foreach (var parent in parents)
                await stream.ProposeAsync(new Proposal(new byte[1], parent), _deadline.Token);
            await Tail(service, 6);
        }
        foreach (var parent in parents)
        {
            var proposal = Assert.Single(spans, span => span.TraceId == parent.TraceId && span.OperationName == "consensus.propose");
            var batch = Assert.Single(spans, span => span.SpanId == Assert.Single(proposal.Links).Context.SpanId);
            Assert.Equal(("consensus.batch", default), (batch.OperationName, batch.ParentSpanId));
            Assert.Single(batch.Links, link => link.Context == parent);
        }
    }

    [Fact]
    public async Task GetTimes_OfAWriteToASlowDisk_SaysThatItWasTheDisk()
    {
        var slow = TimeSpan.FromMilliseconds(150);
        FaultyDisk disk = null!;
        await using var service = await StartAsync(Options, openDisk: directory => disk = new FaultyDisk(directory));
        disk.SyncTime = slow;
        await using var stream = service.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[1], default), _deadline.Token);
        var index = (await Tail(service, 4))[3].Index;
        disk.SyncTime = default;
        var times = await service.GetTimesAsync(index, _deadline.Token);
        Assert.NotNull(times);
        Assert.True(times.Stored >= slow, $"{times}");
        Assert.True(times.Queued >= TimeSpan.Zero && times.Replicated >= TimeSpan.Zero, $"{times}");
    }

    [Fact]
    public async Task GetTimes_OfWhatNobodyProposedHere_AreNotKnown()
    {
        await using var service = await StartAsync(Options);
        await using var stream = service.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[1], default), _deadline.Token);
        var index = (await Tail(service, 4))[3].Index;
        Assert.NotNull(await service.GetTimesAsync(index, _deadline.Token));
        Assert.Null(await service.GetTimesAsync(index.Next, _deadline.Token));
        // The first entries are no proposals of a batch.
        Assert.Null(await service.GetTimesAsync(new LogIndex(2), _deadline.Token));
    }
}
