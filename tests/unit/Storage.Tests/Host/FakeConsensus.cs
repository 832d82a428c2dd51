using System.Runtime.CompilerServices;
using Consensus.Contracts;

namespace Storage.Tests.Host;

/// <summary>A log in memory that commits what it is given at once.</summary>
internal sealed class FakeConsensus : IConsensus
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private TaskCompletionSource _grown = New();

    /// <summary>How many tails are to break after their first batch.</summary>
    public int TailsToBreak { get; set; }

    public int TailsOpened { get; private set; }

    /// <summary>Oldest index that a tail can begin at.</summary>
    public LogIndex First { get; private set; } = new(1);

    /// <summary>How many reports of durability are to fail.</summary>
    public int ReportsToFail { get; set; }

    /// <summary>Completes with the first report that arrives.</summary>
    public TaskCompletionSource<LogIndex> FirstReport { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Index of the latest report of durability.</summary>
    public LogIndex ReportedDurable { get; private set; }

    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>What comes after this index was to be kept.</summary>
    public LogIndex? Kept { get; private set; }

    public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation)
    {
        lock (_lock)
            Kept = after;
        return ValueTask.CompletedTask;
    }

    /// <summary>Appends commands as one batch; answers the index of the last.</summary>
    public LogIndex Append(params byte[][] commands)
    {
        lock (_lock)
        {
            foreach (var command in commands)
                _entries.Add(new Entry(new LogIndex((ulong)_entries.Count + 1), new Term(2), EntryKind.Command, command));
            var grown = _grown;
            _grown = New();
            grown.TrySetResult();
            return new LogIndex((ulong)_entries.Count);
        }
    }

    /// <summary>
    /// Appends, and drops all but the newest entry at once, and but what was asked for: whoever tails misses the rest, for the running tails break too.
    /// </summary>
    public LogIndex AppendAndCompact(params byte[][] commands)
    {
        lock (_lock)
        {
            var newest = new LogIndex((ulong)(_entries.Count + commands.Length));
            First = Kept is { } kept && kept < newest ? kept.Next : newest;
            return Append(commands);
        }
    }

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        TailsOpened++;
        for (var next = (int)from.Value - 1; ;)
        {
            Entry[] batch;
            Task grown;
            lock (_lock)
            {
                if ((ulong)next + 1 < First.Value)
                    throw new LogCompactedException(First);
                batch = [.. _entries.Skip(next)];
                grown = _grown.Task;
            }
            if (batch.Length == 0)
            {
                await grown.WaitAsync(cancellation);
                continue;
            }
            next += batch.Length;
            yield return new CommittedBatch(batch, new LogIndex((ulong)next));
            if (TailsToBreak > 0)
            {
                TailsToBreak--;
                throw new IOException("the tail broke");
            }
        }
    }

    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation)
    {
        if (ReportsToFail-- > 0)
            throw new LogUnavailableException("not yet");
        ReportedDurable = durable;
        FirstReport.TrySetResult(durable);
        return ValueTask.CompletedTask;
    }

    /// <summary>How many proposals are to be lost on their way.</summary>
    public int ProposalsToLose { get; set; }

    public IProposalStream OpenProposals() => new Proposals(this);

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation)
    {
        lock (_lock)
            return new(new ReadIndex(new LogIndex((ulong)_entries.Count), new Term(2)));
    }

    public ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) => throw new NotSupportedException();

    private sealed class Proposals(FakeConsensus log) : IProposalStream
    {
        public Task<ProposalStreamEnd> Broken { get; } = new TaskCompletionSource<ProposalStreamEnd>().Task;

        public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
        {
            if (log.ProposalsToLose-- <= 0)
                log.Append(proposal.Command.ToArray());
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
