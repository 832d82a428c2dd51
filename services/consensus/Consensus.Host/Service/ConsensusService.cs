using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Consensus.Client.Batching;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host.Identity;
using Consensus.Host.Peers;
using Consensus.Host.Tail;
using Consensus.Host.Wal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Consensus.Host.Service;

/// <summary>The in-process binding of <see cref="IConsensus"/>: a Raft node, its log on disk, the thread that owns both, and the way to the other members.</summary>
/// <remarks>
/// A proposal goes from its proposer's thread to the log thread of the leader, and from there to the tails. This part is what callers
/// see, on any thread; the log thread's part is in ConsensusService.LogThread.cs, what a member does for its peers in
/// ConsensusService.Peers.cs, membership in ConsensusService.Membership.cs.
/// </remarks>
public sealed partial class ConsensusService : IConsensus, IAsyncDisposable
{
    /// <summary>Name of the activity source.</summary>
    public const string TelemetryName = "Distributed.Consensus";

    private const string StoppingReason = "consensus is stopping";

    private readonly ConsensusOptions _options;
    private readonly DataDirectory _directory;
    private readonly WriteAheadLog _wal;
    private readonly RaftNode _raft;
    private readonly RecentEntries _recent;
    private readonly CommitSignal _commits = new();
    private readonly ConsensusMetrics _metrics;
    private readonly ProposalTraces _traces = new();
    private readonly BatchTimes _times = new();
    private readonly PeerNetwork _network;
    private readonly ILogger _logger;

    private readonly WakeSignal _wake = new();
    private readonly BatchQueue<QueuedProposal> _proposals;
    private readonly BatchQueue<Message> _inbound;

    // Everything else for the log thread. Not bounded by itself: each caller has at most one request here and waits for it.
    private readonly ConcurrentQueue<Action> _requests = new();
    private readonly ConcurrentQueue<WaitingRead> _newReads = new();

    private readonly Lock _streamsGate = new();
    private readonly HashSet<ProposalStream> _streams = [];
    private readonly TaskCompletionSource _firstTurn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _leaving = new();
    private volatile bool _isStopping;
    private volatile ConsensusStatus _status;
    private volatile Route _route = Route.None();
    private readonly MessageMeter _appendsReceived = new();
    private readonly MessageMeter _appendsSent = new();
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;

    // The last leader that was known, and since when.
    private volatile Tuple<MemberId, DateTimeOffset> _lastLeader = Tuple.Create(default(MemberId), DateTimeOffset.UtcNow);
    private Task _publishing = Task.CompletedTask;
    private readonly TaskCompletionSource<LogIndex> _published = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Term in which this single voter's reads need no confirmation; 0 is none.
    private ulong _readableTerm;

    private ConsensusService(ConsensusOptions options, DataDirectory directory, WriteAheadLog wal, ConsensusMetrics metrics, ILogger logger)
    {
        _options = options;
        _kept = new KeptEntries(options.KeepTime, TimeProvider.System);
        _directory = directory;
        _wal = wal;
        _logger = logger;
        Cluster = wal.Cluster;
        Self = wal.Member;
        _recent = new RecentEntries(options.RecentBytes);
        _proposals = new BatchQueue<QueuedProposal>(options.MaxQueuedProposals, options.MaxQueuedBytes, _wake.Set);
        _inbound = new BatchQueue<Message>(options.MaxQueuedMessages, options.MaxQueuedMessageBytes, _wake.Set);
        _metrics = metrics;
        _network = new PeerNetwork(Cluster, Self, options.PeerUrls, options.PeerTls, _metrics, logger)
        {
            Receive = Receive,
            OnLost = LostPeer,
            OnUnderWay = MessageUnderWay,
            OnExcluded = (by, exclusion) => Request(() => OnExcluded(by, exclusion)),
        };
        _raft = new RaftNode(
            new RaftOptions
            {
                Self = Self,
                Seed = (ulong)Random.Shared.NextInt64(),
                HeartbeatTicks = options.HeartbeatTicks,
                ElectionTimeoutTicks = options.ElectionTicks,
                PreVote = options.PreVote,
            },
            wal.HardState, wal.CopyTerms(), Recovery.ConfigurationsOf(wal), new StoredLog(_recent, wal));
        _status = MakeStatus();
    }

    public ClusterId Cluster { get; }
    public MemberId Self { get; }

    /// <summary>This member leads, as far as it knows.</summary>
    public bool IsLeader => _status.Leader == Self;

    /// <summary>The last known status, without a wait.</summary>
    public ConsensusStatus Status => _status with { CommitIndex = _commits.Commit };

    /// <summary>Completes at the next change of leader, term or members. Take it first, then look at <see cref="Status"/>.</summary>
    public Task StatusChanged => Volatile.Read(ref _statusChanged).Task;

    /// <summary>
    /// Completes with the log index up to which this member knew the cluster when the cluster knew its name: from then on it serves clients, as in etcd.
    /// </summary>
    public Task<LogIndex> Published => _published.Task;

    /// <summary>Recovers the log, or begins one, starts the log thread and returns once this member takes part in its cluster.</summary>
    /// <exception cref="DataDirectoryException">The data directory is in use.</exception>
    /// <exception cref="WalCorruptedException">The log is damaged.</exception>
    /// <exception cref="FormatException">The initial cluster cannot be used.</exception>
    /// <exception cref="JoinRefusedException">The existing cluster does not know this member, or cannot be asked.</exception>
    public static async Task<ConsensusService> StartAsync(
        ConsensusOptions options, ILogger<ConsensusService>? logger = null, Func<string, ILogDisk>? openDisk = null, CancellationToken cancellation = default)
    {
        var log = (ILogger?)logger ?? NullLogger.Instance;
        var directory = DataDirectory.Open(options.DataDirectory);
        var metrics = new ConsensusMetrics();
        WriteAheadLog? wal = null;
        try
        {
            (wal, var seeds) = await Recovery.OpenAsync(options, openDisk?.Invoke(directory.WalPath) ?? new FileLogDisk(directory.WalPath, options.SyncsLog, metrics.Wal), log, cancellation).ConfigureAwait(false);
            var service = new ConsensusService(options, directory, wal, metrics, log);
            if (seeds.Count > 0)
                service._network.SetMembers(seeds, exclusion: null);
            new Thread(service.Run) { Name = "consensus-log", IsBackground = true }.Start();
            await service._firstTurn.Task.ConfigureAwait(false);
            Log.Started(log, options.Name, service.Self.ToString(), service.Cluster.ToString(), wal.Last.Value);
            service._publishing = service.PublishAttributesAsync(service._stopping.Token);
            return service;
        }
        catch
        {
            wal?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    public IProposalStream OpenProposals() => Open(mayForward: true);

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
            // The log was begun anew behind a snapshot meanwhile.
            if (entries.Length == 0)
                throw new LogCompactedException(_wal.First);
            yield return new CommittedBatch(entries, commit);
            from = entries[^1].Index.Next;
        }
    }

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation)
    {
        // The only voter is leader for good; what it published as committed includes all that was acknowledged. A second voter ends this
        // before it is told that it is one.
        var term = Volatile.Read(ref _readableTerm);
        return term != 0 && !_isStopping
            ? new ValueTask<ReadIndex>(new ReadIndex(_commits.Commit, new Term(term)))
            : new ValueTask<ReadIndex>(ConfirmReadAsync(cancellation));
    }

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) =>
        _isStopping ? throw new LogUnavailableException(StoppingReason) : new(Status with { Traffic = Traffic });

    public async ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation)
    {
        using var commits = _commits.Subscribe(cancellation);
        await commits.ReachedAsync(atLeast).ConfigureAwait(false);
        return Status;
    }

    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation)
    {
        if (_isStopping)
            throw new LogUnavailableException(StoppingReason);
        Request(() => OnDurable(storageReplica, durable));
        return default;
    }

    public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation)
    {
        if (_isStopping)
            throw new LogUnavailableException(StoppingReason);
        Request(() => _kept.Keep(storageReplica, after));
        return default;
    }

    /// <summary>Hands leadership over, if this member leads others: the first step of a stop that nobody shall notice.</summary>
    public async Task LeaveLeadershipAsync(CancellationToken cancellation)
    {
        if (_isStopping || !IsLeader)
            return;
        var done = new TaskCompletionSource<TransferOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Request(() => OnTransfer(BestSuccessor(), done));
        var outcome = await done.Task.WaitAsync(cancellation).ConfigureAwait(false);
        Log.LeftLeadership(_logger, outcome, _status.Leader.ToString());
    }

    /// <summary>Ends the streams on which the other members speak to this one: the second step.</summary>
    public void LeavePeers() => _leaving.Cancel();

    /// <summary>Stops taking proposals, stores what is queued, ends all streams and tails, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stopping.IsCancellationRequested)
            await _stopping.CancelAsync().ConfigureAwait(false);
        await _publishing.ConfigureAwait(false);
        _isStopping = true;
        _wake.Set();
        await _ended.Task.ConfigureAwait(false);
        await _network.DisposeAsync().ConfigureAwait(false);
        _route.Dispose();
    }

    /// <summary>Nothing more is taken from the other members.</summary>
    internal CancellationToken PeersLeft => _leaving.Token;

    internal ProposalStream OpenForwarded() => Open(mayForward: false);

    internal Route CurrentRoute => _route;

    internal ConsensusMetrics Metrics => _metrics;

    internal ValueTask EnqueueAsync(in Proposal proposal, CancellationToken cancellation) =>
        _proposals.EnqueueAsync(
            new QueuedProposal(proposal, proposal.Trace != default && _traces.Wants(proposal.Trace) ? DateTime.UtcNow : default, Stopwatch.GetTimestamp()),
            proposal.Command.Length, cancellation);

    internal void Forget(ProposalStream stream)
    {
        lock (_streamsGate)
            _streams.Remove(stream);
    }

    private ProposalStream Open(bool mayForward)
    {
        var stream = new ProposalStream(this, mayForward);
        lock (_streamsGate)
        {
            if (_isStopping)
                stream.Break(StoppingReason, ProposalStreamEnd.MemberLost);
            else
                _streams.Add(stream);
        }
        return stream;
    }

    private async Task<ReadIndex> ConfirmReadAsync(CancellationToken cancellation)
    {
        if (_isStopping)
            throw new NoLeaderException(StoppingReason);
        var read = new WaitingRead(Stopwatch.GetTimestamp() + (long)(_options.ReadTimeout.TotalSeconds * Stopwatch.Frequency));
        _newReads.Enqueue(read);
        _wake.Set();
        if (!cancellation.CanBeCanceled)
            return await read.Task.ConfigureAwait(false);
        // The log thread drops what nobody waits for.
        using var abandoning = cancellation.UnsafeRegister(static (state, token) => ((WaitingRead)state!).TrySetCanceled(token), read);
        return await read.Task.ConfigureAwait(false);
    }

    private void Request(Action onLogThread)
    {
        _requests.Enqueue(onLogThread);
        _wake.Set();
    }

    private MemberTraffic Traffic => new(
        Self, _started, _lastLeader.Item1, _lastLeader.Item2, _appendsReceived.Read(), _appendsSent.Read(), _network.Appends());

    private ConsensusStatus MakeStatus() => new(
        Cluster, Self, _raft.Leader, _raft.Term, _raft.CommitIndex, _raft.LastIndex,
        IsLearner: _raft.Configuration?.Find(Self) is not { IsLearner: false },
        _raft.Configuration is { } configuration ? configuration.Members : []);
}
