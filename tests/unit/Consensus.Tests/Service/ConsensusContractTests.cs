using System.Text;
using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Service;
using Consensus.Tests.Support;

namespace Consensus.Tests.Service;

/// <summary>What every binding of <see cref="IConsensus"/> promises. Run once for each.</summary>
public abstract class ConsensusContractTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(Patience * 2);

    protected IConsensus Log { get; set; } = null!;

    protected CancellationToken Deadline => _deadline.Token;

    protected ConsensusOptions Options => new() { DataDirectory = _temp["data"], SegmentBytes = 64 * 1024, KeepEntries = 5, MaxTailBatchBytes = 4096, RecentBytes = 16 * 1024 };

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>Makes the log go away as its clients see it.</summary>
    protected abstract Task StopLogAsync();

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Waits until the member has said its name: entries 1 to 3 are the first members, the empty entry, the name.</summary>
    protected async Task<ConsensusService> StartedAsync(ConsensusService service)
    {
        await service.GetStatusAsync(new LogIndex(3), Deadline);
        return service;
    }

    private static Proposal Proposal(string text) => new(Encoding.UTF8.GetBytes(text), default);

    private async Task<List<string>> TailCommands(ulong from, int count)
    {
        var commands = new List<string>();
        var next = from;
        await foreach (var batch in Log.TailAsync(new LogIndex(from), Deadline))
        {
            foreach (var entry in batch.Entries)
            {
                Assert.Equal(next++, entry.Index.Value);
                Assert.True(entry.Index <= batch.CommitIndex);
                if (entry.Kind == EntryKind.Command)
                    commands.Add(Encoding.UTF8.GetString(entry.Data.Span));
            }
            if (commands.Count >= count)
                return commands;
        }
        throw new InvalidOperationException("a tail never ends");
    }

    [Fact]
    public async Task Propose_OneStream_TailedInOrderByEverybody()
    {
        await using var stream = Log.OpenProposals();
        var tails = Enumerable.Range(0, 3).Select(_ => TailCommands(1, 500)).ToArray();
        for (var i = 0; i < 500; i++)
            await stream.ProposeAsync(Proposal($"command {i}"), Deadline);
        var expected = Enumerable.Range(0, 500).Select(i => $"command {i}").ToArray();
        foreach (var tail in tails)
            Assert.Equal(expected, await tail);
        // Behind what memory keeps: from disk.
        Assert.Equal(expected, await TailCommands(0 + 1, 500));
        Assert.False(stream.Broken.IsCompleted);
    }

    [Fact]
    public async Task GetTimes_OfACommittedProposal_AreKnown_AndOfNoneAreNot()
    {
        await using var stream = Log.OpenProposals();
        await stream.ProposeAsync(Proposal("timed"), Deadline);
        LogIndex? index = null;
        await foreach (var batch in Log.TailAsync(new LogIndex(1), Deadline))
        {
            index = batch.Entries.Where(static entry => entry.Kind == EntryKind.Command).Select(static entry => (LogIndex?)entry.Index).FirstOrDefault();
            if (index is not null)
                break;
        }
        var times = await Log.GetTimesAsync(index!.Value, Deadline);
        Assert.True(times is { Queued.Ticks: >= 0, Stored.Ticks: > 0, Replicated.Ticks: >= 0 }, $"{times}");
        Assert.Null(await Log.GetTimesAsync(new LogIndex(1_000_000), Deadline));
    }

    [Fact]
    public async Task Propose_ManyProposers_NothingLostNothingTwice()
    {
        var streams = Enumerable.Range(0, 4).Select(_ => Log.OpenProposals()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async p =>
        {
            for (var i = 0; i < 100; i++)
                await streams[p % 4].ProposeAsync(Proposal($"{p}/{i}"), Deadline);
        }));
        var commands = await TailCommands(1, 1600);
        Assert.Equal(1600, commands.Distinct().Count());
        for (var p = 0; p < 16; p++)
            Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{p}/{i}"), commands.Where(c => c.StartsWith($"{p}/", StringComparison.Ordinal)));
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    [Fact]
    public async Task Propose_LargestCommand_Arrives()
    {
        var large = new byte[ConsensusLimits.MaxCommandBytes];
        large[^1] = 42;
        var arriving = FirstBatchAsync(new LogIndex(4));
        while (!arriving.IsCompleted)
        {
            await using var stream = Log.OpenProposals();
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                async () => await stream.ProposeAsync(new Proposal(new byte[ConsensusLimits.MaxCommandBytes + 1], default), Deadline));
            await stream.ProposeAsync(new Proposal(large, default), Deadline);
            // As every proposer does: a stream that falls silent is given up, which so many bytes can bring about on a busy machine, and they are proposed again.
            await Task.WhenAny(arriving, stream.Broken);
        }
        Assert.True((await arriving).Entries[0].Data.Span.SequenceEqual(large));

        async Task<CommittedBatch> FirstBatchAsync(LogIndex from)
        {
            while (true)
            {
                try
                {
                    await foreach (var batch in Log.TailAsync(from, Deadline))
                        return batch;
                }
                catch (LogUnavailableException)
                {
                    // Fell silent under so many bytes, for the same reason: opened again, as every replica does.
                }
            }
        }
    }

    [Fact]
    public async Task ReadIndex_AfterCommit_CoversIt()
    {
        await using var stream = Log.OpenProposals();
        await stream.ProposeAsync(Proposal("x"), Deadline);
        await TailCommands(1, 1);
        var reads = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Log.ReadIndexAsync(Deadline).AsTask()));
        Assert.All(reads, read => Assert.True(read.Index.Value >= 4 && read.Term.Value == 2));
    }

    [Fact]
    public async Task GetStatus_SingleMember_LeadsItself()
    {
        var status = await Log.GetStatusAsync(Deadline);
        Assert.Equal(status.Self, status.Leader);
        var member = Assert.Single(status.Members);
        Assert.Equal("default", member.Name);
        Assert.Equal(["http://localhost:2380"], member.PeerUrls);
        Assert.Equal(["http://localhost:2379"], member.ClientUrls);
        Assert.True(status.CommitIndex.Value >= 1 && status.LastIndex >= status.CommitIndex);
    }

    [Fact]
    public async Task TailAsync_Cancelled_Ends()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Deadline);
        await using var tail = Log.TailAsync(new LogIndex(1), cancellation.Token).GetAsyncEnumerator(cancellation.Token);
        Assert.True(await tail.MoveNextAsync());
        var waiting = tail.MoveNextAsync().AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task ReportDurable_EnoughReplicas_DropsSegmentsAndTailIsToldSo()
    {
        await using var stream = Log.OpenProposals();
        for (var i = 0; i < 400; i++)
            await stream.ProposeAsync(new Proposal(new byte[1000], default), Deadline);
        await TailCommands(1, 400);
        await Log.ReportDurableAsync("storage-0", new LogIndex(390), Deadline);
        LogIndex first = default;
        while (first == default)
        {
            try
            {
                // Each look is a round through the log, so this polls no faster than the log works.
                await Log.ReadIndexAsync(Deadline);
                await TailCommands(1, 1);
                Deadline.ThrowIfCancellationRequested();
            }
            catch (LogCompactedException e)
            {
                first = e.First;
            }
        }
        Assert.InRange(first.Value, 2ul, 386ul);
        Assert.Equal((int)(403 - first.Value + 1), (await TailCommands(first.Value, (int)(403 - first.Value + 1))).Count);
    }

    [Fact]
    public async Task Keep_WhatComesAfter_IsThereAlthoughOthersHoldIt()
    {
        await using var stream = Log.OpenProposals();
        // In groups, of which a segment holds several: one group alone would be one segment, and nothing of it dropped, kept or not.
        for (var index = 4ul; index <= 403; index++)
        {
            await stream.ProposeAsync(new Proposal(new byte[1000], default), Deadline);
            if (index % 20 == 3)
                await Log.GetStatusAsync(new LogIndex(index), Deadline);
        }
        await Log.KeepAsync("storage-1", new LogIndex(200), Deadline);
        await Log.ReportDurableAsync("storage-0", new LogIndex(390), Deadline);
        // The first may overtake what was asked before it; when the second is committed, that has been done.
        for (var index = 404ul; index <= 405; index++)
        {
            await stream.ProposeAsync(Proposal("last"), Deadline);
            await Log.GetStatusAsync(new LogIndex(index), Deadline);
        }
        Assert.Equal(205, (await TailCommands(201, 205)).Count);
    }

    [Fact]
    public async Task Stop_OpenStreamAndTail_BreakAndThrow()
    {
        var stream = Log.OpenProposals();
        await stream.ProposeAsync(Proposal("x"), Deadline);
        await using var tail = Log.TailAsync(new LogIndex(1), Deadline).GetAsyncEnumerator(Deadline);
        Assert.True(await tail.MoveNextAsync());
        var next = Task.Run(async () =>
        {
            while (await tail.MoveNextAsync())
            {
            }
        });
        await StopLogAsync();
        await stream.Broken.WaitAsync(Deadline);
        await Assert.ThrowsAsync<ProposalStreamBrokenException>(async () => await stream.ProposeAsync(Proposal("y"), Deadline));
        await Assert.ThrowsAsync<LogUnavailableException>(() => next);
        await Assert.ThrowsAsync<NoLeaderException>(async () => await Log.ReadIndexAsync(Deadline));
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await Log.GetStatusAsync(Deadline));
        await stream.DisposeAsync();
    }
}
