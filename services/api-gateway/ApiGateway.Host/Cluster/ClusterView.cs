using ApiGateway.Core.Errors;
using ApiGateway.Core.Headers;
using ApiGateway.Host.Calls;
using Consensus.Contracts;

namespace ApiGateway.Host.Cluster;

/// <summary>
/// What this gateway knows of the cluster: ids for response headers, leader, members; and the newest revision and log index that
/// passed through it. Thread-safe; readers take an immutable snapshot.
/// </summary>
public sealed class ClusterView(IConsensus consensus, GatewayOptions options, TimeProvider time, ILogger<ClusterView> logger)
    : BackgroundService
{
    private Snapshot? _current;
    private long _seenRevision;
    private ulong _seenIndex;
    private long _seenV2Index;

    /// <summary>Highest v3 revision seen in any result or read.</summary>
    public long SeenRevision => Volatile.Read(ref _seenRevision);

    /// <summary>Highest log index seen in any result or read.</summary>
    public LogIndex SeenIndex => new(Volatile.Read(ref _seenIndex));

    /// <summary>Highest v2 index seen in any result or read.</summary>
    public long SeenV2Index => Volatile.Read(ref _seenV2Index);

    /// <summary>Status and header ids; completes synchronously once they are known.</summary>
    internal ValueTask<Snapshot> GetAsync() =>
        Volatile.Read(ref _current) is { } known ? new ValueTask<Snapshot>(known) : new ValueTask<Snapshot>(RefreshAsync(CancellationToken.None));

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

    /// <summary>Asks consensus now. For the calls whose answer is the status itself.</summary>
    internal async Task<Snapshot> RefreshAsync(CancellationToken cancellation)
    {
        ConsensusStatus status;
        try
        {
            status = await consensus.GetStatusAsync(cancellation).AsTask()
                .WaitAsync(options.RequestTimeout, time, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or NoLeaderException)
        {
            throw new RequestFailedException(EtcdError.Timeout);
        }
        var before = Volatile.Read(ref _current);
        var header = before is not null && before.Status.Cluster == status.Cluster && before.Status.Self == status.Self
            ? before.Header
            : new ResponseHeaderWriter(status.Cluster.Value, status.Self.Value);
        var snapshot = new Snapshot(WithOwnUrls(status), header);
        Volatile.Write(ref _current, snapshot);
        return snapshot;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.ClusterRefreshPeriod, time);
        do
        {
            try
            {
                await RefreshAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.ClusterStatusFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
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

    /// <summary>Consensus does not know where its member's gateway listens; the gateway does.</summary>
    private ConsensusStatus WithOwnUrls(ConsensusStatus status) => options.AdvertiseClientUrls.Count == 0
        ? status
        : status with
        {
            Members = [.. status.Members.Select(member => member.Id == status.Self
                ? member with { ClientUrls = options.AdvertiseClientUrls }
                : member)],
        };

    /// <summary>One moment's view.</summary>
    internal sealed record Snapshot(ConsensusStatus Status, ResponseHeaderWriter Header);
}
