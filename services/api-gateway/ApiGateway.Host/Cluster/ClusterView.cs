using System.Threading.Channels;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Headers;
using ApiGateway.Core.Watching;
using ApiGateway.Host.Calls;
using Consensus.Contracts;
using Hosting.Metrics;

namespace ApiGateway.Host.Cluster;

/// <summary>
/// What this gateway knows of the cluster: ids for response headers, leader, members; and the newest revision and log index that
/// passed through it. Thread-safe; readers take an immutable snapshot.
/// </summary>
public sealed class ClusterView(IConsensus consensus, GatewayOptions options, TimeProvider time, ILogger<ClusterView> logger)
    : BackgroundService
{
    private static readonly TimeSpan s_retryWait = TimeSpan.FromMilliseconds(20);

    // Something has happened to the leader: look now, not at the next period.
    private readonly Channel<bool> _lookNow = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Snapshot? _current;
    private ulong _seenLeader;
    private long _seenRevision;
    private ulong _seenIndex;
    private long _seenV2Index;
    private long _seenCompacted;

    /// <summary>Highest v3 revision seen in any result or read.</summary>
    public long SeenRevision => Volatile.Read(ref _seenRevision);

    /// <summary>Highest log index seen in any result or read.</summary>
    public LogIndex SeenIndex => new(Volatile.Read(ref _seenIndex));

    /// <summary>Highest v2 index seen in any result or read.</summary>
    public long SeenV2Index => Volatile.Read(ref _seenV2Index);

    /// <summary>What watches have to take for granted.</summary>
    internal SeenRevisions Seen => new(SeenRevision, Volatile.Read(ref _seenCompacted));

    /// <summary>Status and header ids; completes synchronously once they are known.</summary>
    internal ValueTask<Snapshot> GetAsync() =>
        Volatile.Read(ref _current) is { } known ? new ValueTask<Snapshot>(known) : new ValueTask<Snapshot>(RefreshAsync(CancellationToken.None));

    /// <summary>The status as it was last heard; null before the first.</summary>
    internal ConsensusStatus? Known => Volatile.Read(ref _current)?.Status;

    /// <summary>Times that another leader was seen than before.</summary>
    internal Counter LeaderChanges { get; } = new();

    /// <summary>True when no leader is known to this member. Not before the first status has come.</summary>
    public bool IsLeaderless => Volatile.Read(ref _current) is { Status.Leader.Value: 0 };

    /// <summary>True when this member is known to be a learner.</summary>
    public bool IsLearner => Volatile.Read(ref _current) is { Status.IsLearner: true };

    /// <summary>The leader may have changed.</summary>
    public void LookNow() => _lookNow.Writer.TryWrite(true);

    /// <summary>Notes what a v3 result or read showed.</summary>
    public void Observe(long revision, LogIndex index)
    {
        RaiseTo(ref _seenRevision, revision);
        ObserveIndex(index);
    }

    /// <summary>Notes what a v2 result or read showed.</summary>
    public void ObserveV2(long v2Index, LogIndex index)
    {
        RaiseTo(ref _seenV2Index, v2Index);
        ObserveIndex(index);
    }

    /// <summary>Notes a revision that a watch delivered.</summary>
    public void ObserveRevision(long revision) => RaiseTo(ref _seenRevision, revision);

    /// <summary>Notes a compaction that has succeeded.</summary>
    public void ObserveCompaction(long revision) => RaiseTo(ref _seenCompacted, revision);

    /// <summary>Asks consensus now. For the calls whose answer is the status itself.</summary>
    internal async Task<Snapshot> RefreshAsync(CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return Take(await consensus.GetStatusAsync(cancellation).AsTask()
                    .WaitAsync(options.RequestTimeout, time, cancellation).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is TimeoutException or NoLeaderException or LogUnavailableException)
            {
                if (time.GetElapsedTime(began) + s_retryWait >= options.RequestTimeout)
                    throw new RequestFailedException(EtcdError.Timeout);
            }
            await Task.Delay(s_retryWait, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The same, linearizable with a read index: the members as everything up to <paramref name="atLeast"/> made them.</summary>
    internal async Task<Snapshot> RefreshAsync(LogIndex atLeast, CancellationToken cancellation)
    {
        try
        {
            return Take(await consensus.GetStatusAsync(atLeast, cancellation).AsTask()
                .WaitAsync(options.RequestTimeout, time, cancellation).ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is TimeoutException or NoLeaderException or LogUnavailableException)
        {
            throw new RequestFailedException(EtcdError.Timeout);
        }
    }

    /// <summary>Members as clients see them: consensus does not know where its member's gateway listens; the gateway does.</summary>
    internal IReadOnlyList<Member> Present(IReadOnlyList<Member> members, MemberId self) => options.AdvertiseClientUrls.Count == 0
        ? members
        : [.. members.Select(member => member.Id == self ? member with { ClientUrls = options.AdvertiseClientUrls } : member)];

    private Snapshot Take(ConsensusStatus answer)
    {
        var before = Volatile.Read(ref _current);
        var status = AsMember(before, answer);
        var header = before is not null && before.Status.Cluster == status.Cluster && before.Status.Self == status.Self
            ? before.Header
            : new ResponseHeaderWriter(status.Cluster.Value, status.Self.Value);
        var snapshot = new Snapshot(status with { Members = Present(status.Members, status.Self) }, header);
        Volatile.Write(ref _current, snapshot);
        if (status.Leader.Value != 0 && Interlocked.Exchange(ref _seenLeader, status.Leader.Value) != status.Leader.Value)
            LeaderChanges.Increment();
        if (before is not null && before.Status.Leader != status.Leader)
            logger.LeaderChanged(before.Status.Leader.ToString(), status.Leader.ToString(), status.Term.Value);
        return snapshot;
    }

    /// <summary>
    /// The same status as of the member that this gateway stands for, whichever member was asked now: to clients a gateway is one member, the one it was given,
    /// otherwise the one that it heard first, for as long as the cluster has it.
    /// </summary>
    private ConsensusStatus AsMember(Snapshot? before, ConsensusStatus answer)
    {
        var given = options.Member.Length > 0 ? answer.Members.FirstOrDefault(member => member.Name == options.Member) : null;
        var self = given ?? answer.Members.FirstOrDefault(member => member.Id == before?.Status.Self);
        return self is null || self.Id == answer.Self ? answer : answer with { Self = self.Id, IsLearner = self.IsLearner };
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                await RefreshAsync(stoppingToken).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.ClusterStatusFailed(failures++ == 0 ? LogLevel.Warning : LogLevel.Debug, exception);
            }
            await WaitAsync(IsLeaderless || IsLearner ? options.UnsettledRefreshPeriod : options.ClusterRefreshPeriod, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(TimeSpan period, CancellationToken stopping)
    {
        using var over = new CancellationTokenSource(period, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        try
        {
            await _lookNow.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The period is over.
        }
    }

    private void ObserveIndex(LogIndex index)
    {
        var seen = Volatile.Read(ref _seenIndex);
        while (index.Value > seen)
        {
            var was = Interlocked.CompareExchange(ref _seenIndex, index.Value, seen);
            if (was == seen)
                break;
            seen = was;
        }
    }

    private static void RaiseTo(ref long maximum, long value)
    {
        var seen = Volatile.Read(ref maximum);
        while (value > seen)
        {
            var was = Interlocked.CompareExchange(ref maximum, value, seen);
            if (was == seen)
                break;
            seen = was;
        }
    }

    /// <summary>One moment's view.</summary>
    internal sealed record Snapshot(ConsensusStatus Status, ResponseHeaderWriter Header);
}
