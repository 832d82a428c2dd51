using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Consensus.Client.Batching;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Host.Identity;
using Consensus.Host.Tail;
using Consensus.Host.Wal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Consensus.Host.Service;

/// <summary>The in-process binding of <see cref="IConsensus"/>: a Raft node, its log on disk, and the thread that owns both.</summary>
/// <remarks>
/// A proposal goes from its proposer's thread to the log thread, and from there to the tails: two hops. This part is what callers
/// see, on any thread; the log thread's part is in ConsensusService.LogThread.cs.
/// </remarks>
public sealed partial class ConsensusService : IConsensus, IAsyncDisposable
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string TelemetryName = "Distributed.Consensus";

    private const string StoppingReason = "consensus is stopping";

    private readonly ConsensusOptions _options;
    private readonly ClusterIdentity _identity;
    private readonly DataDirectory _directory;
    private readonly WriteAheadLog _wal;
    private readonly RaftNode _raft;
    private readonly RecentEntries _recent;
    private readonly CommitSignal _commits = new();
    private readonly ConsensusMetrics _metrics;
    private readonly ProposalTraces _traces = new();
    private readonly ILogger _logger;

    private readonly WakeSignal _wake = new();
    private readonly BatchQueue<QueuedProposal> _proposals;

    // Everything else for the log thread. Not bounded by itself: each caller has at most one request here and waits for it.
    private readonly ConcurrentQueue<Action> _requests = new();

    private readonly Lock _streamsGate = new();
    private readonly HashSet<ProposalStream> _streams = [];
    private readonly TaskCompletionSource _firstTurn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStopping;
    private volatile ConsensusStatus _status;

    // Term in which this single voter's reads need no confirmation; 0 is none.
    private ulong _readableTerm;

    private ConsensusService(ConsensusOptions options, ClusterIdentity identity, DataDirectory directory, WriteAheadLog wal, ILogger logger)
    {
        _options = options;
        _identity = identity;
        _directory = directory;
        _wal = wal;
        _logger = logger;
        _recent = new RecentEntries(options.RecentBytes);
        _proposals = new BatchQueue<QueuedProposal>(options.MaxQueuedProposals, options.MaxQueuedBytes, _wake.Set);
        _metrics = new ConsensusMetrics(() => _proposals.Count);
        _raft = new RaftNode(
            new RaftOptions
            {
                Self = identity.Self,
                Voters = [.. identity.Members.Select(member => member.Id)],
                Seed = (ulong)Random.Shared.NextInt64(),
                ElectionTimeoutTicks = options.ElectionTicks,
            },
            wal.HardState, wal.CopyTerms(), new StoredLog(_recent, wal));
        _status = MakeStatus();
    }

    /// <summary>Recovers the log, starts the log thread and returns once this member takes part in its cluster.</summary>
    /// <exception cref="DataDirectoryException">The data directory is in use or belongs to another member or cluster.</exception>
    /// <exception cref="WalCorruptedException">The log is damaged.</exception>
    /// <exception cref="FormatException">The initial cluster cannot be used.</exception>
    public static ConsensusService Start(ConsensusOptions options, ILogger<ConsensusService>? logger = null, WalDisk? disk = null)
    {
        var log = (ILogger?)logger ?? NullLogger.Instance;
        var identity = ClusterIdentity.Derive(options);
        if (identity.Members.Count > 1)
            throw new FormatException("clusters of several members come with the peer transport: name one member in the initial cluster");

        var directory = DataDirectory.Open(options.DataDirectory);
        WriteAheadLog? wal = null;
        try
        {
            wal = WriteAheadLog.Open(
                new WalOptions
                {
                    Directory = directory.WalPath,
                    Cluster = identity.Cluster,
                    Member = identity.Self,
                    SegmentBytes = options.SegmentBytes,
                },
                disk ?? new WalDisk());
            if (wal.Torn.Bytes > 0)
                Log.TornTailCut(log, wal.Torn.File, wal.Torn.Offset, wal.Torn.Bytes);
            var service = new ConsensusService(options, identity, directory, wal, log);
            new Thread(service.Run) { Name = "consensus-log", IsBackground = true }.Start();
            service._firstTurn.Task.GetAwaiter().GetResult();
            Log.Started(log, options.Name, identity.Self.ToString(), identity.Cluster.ToString(), wal.Last.Value);
            return service;
        }
        catch
        {
            wal?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public IProposalStream OpenProposals()
    {
        var stream = new ProposalStream(this);
        lock (_streamsGate)
        {
            if (_isStopping)
                stream.Break(StoppingReason);
            else
                _streams.Add(stream);
        }
        return stream;
    }

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (from.Value == 0)
            from = new LogIndex(1);
        using var commits = _commits.Subscribe(cancellation);
        while (true)
        {
            // Before waiting too: an index below the log must not wait for a commit to be refused.
            if (from < _wal.First)
                throw new LogCompactedException(_wal.First);
            var commit = await commits.ReachedAsync(from).ConfigureAwait(false);
            if (!_recent.TryRead(from, commit.Next, _options.MaxTailBatchBytes, out var entries))
                entries = _wal.Read(from, commit.Next, _options.MaxTailBatchBytes);
            yield return new CommittedBatch(entries, commit);
            from = entries[^1].Index.Next;
        }
    }

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation)
    {
        // The only voter is leader for good; what it published as committed includes all that was acknowledged.
        var term = Volatile.Read(ref _readableTerm);
        return term != 0 && !_isStopping
            ? new ValueTask<ReadIndex>(new ReadIndex(_commits.Commit, new Term(term)))
            : new ValueTask<ReadIndex>(ConfirmReadAsync(cancellation));
    }

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) =>
        _isStopping ? throw new LogUnavailableException(StoppingReason) : new(_status with { CommitIndex = _commits.Commit });

    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation)
    {
        if (_isStopping)
            throw new LogUnavailableException(StoppingReason);
        Request(() => OnDurable(storageReplica, durable));
        return default;
    }

    /// <summary>Stops taking proposals, stores what is queued, ends all streams and tails, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        _wake.Set();
        await _ended.Task.ConfigureAwait(false);
    }

    internal ValueTask EnqueueAsync(in Proposal proposal, CancellationToken cancellation) =>
        _proposals.EnqueueAsync(
            new QueuedProposal(proposal, proposal.Trace != default && _traces.Wants(proposal.Trace) ? DateTime.UtcNow : default),
            proposal.Command.Length, cancellation);

    internal void Forget(ProposalStream stream)
    {
        lock (_streamsGate)
            _streams.Remove(stream);
    }

    private async Task<ReadIndex> ConfirmReadAsync(CancellationToken cancellation)
    {
        var read = new TaskCompletionSource<ReadIndex>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_isStopping)
            throw new NoLeaderException(StoppingReason);
        var context = Interlocked.Increment(ref _lastReadContext);
        Request(() => OnRead(context, read));
        try
        {
            return await read.Task.WaitAsync(_options.ReadTimeout, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NoLeaderException($"no leader confirmed itself within {_options.ReadTimeout.TotalSeconds} s");
        }
        finally
        {
            if (!read.Task.IsCompleted)
                Request(() => _reads.Remove(context));
        }
    }

    private void Request(Action onLogThread)
    {
        _requests.Enqueue(onLogThread);
        _wake.Set();
    }

    private ConsensusStatus MakeStatus() => new(
        _identity.Cluster, _identity.Self, _raft.Leader, _raft.Term, _raft.CommitIndex, _raft.LastIndex,
        IsLearner: false, _identity.Members);
}
