using ApiGateway.Host.Cluster;

namespace ApiGateway.Host.Calls;

/// <summary>Ends the streams that were opened with <c>hasleader</c> once there was no leader for three election timeouts.</summary>
internal sealed class StreamGuards(ClusterView cluster, GatewayOptions options, TimeProvider time, ILogger<StreamGuards> logger) : BackgroundService
{
    private const int MaxLeaderlessTimeouts = 3;

    private readonly Lock _gate = new();
    private readonly HashSet<StreamGuard> _insisting = [];

    public StreamGuard Open(HttpContext context, CancellationToken callEnds)
    {
        if (!CallGate.InsistsOnLeader(context))
            return new StreamGuard(callEnds);
        var guard = new StreamGuard(this, callEnds);
        lock (_gate)
            _insisting.Add(guard);
        return guard;
    }

    public void Remove(StreamGuard guard)
    {
        lock (_gate)
            _insisting.Remove(guard);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.ElectionTimeout, time);
        var leaderless = 0;
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            leaderless = cluster.IsLeaderless ? leaderless + 1 : 0;
            if (leaderless >= MaxLeaderlessTimeouts)
                EndAll();
        }
    }

    private void EndAll()
    {
        List<StreamGuard> ended;
        lock (_gate)
        {
            ended = [.. _insisting];
            _insisting.Clear();
        }
        if (ended.Count == 0)
            return;
        logger.LeaderlessStreamsEnded(ended.Count);
        ended.ForEach(static guard => guard.LeaderLost());
    }
}
