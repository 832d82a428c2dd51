using ApiGateway.Core.Errors;
using ApiGateway.Host.Cluster;

namespace ApiGateway.Host.Calls;

/// <summary>
/// Ends streams that would go on for ever: those that were opened with <c>hasleader</c> once there was no leader for three election timeouts, all of them when the process
/// stops.
/// </summary>
internal sealed class StreamGuards(ClusterView cluster, GatewayOptions options, TimeProvider time, ILogger<StreamGuards> logger) : BackgroundService
{
    private const int MaxLeaderlessTimeouts = 3;

    private readonly Lock _gate = new();
    private readonly HashSet<StreamGuard> _open = [];

    // What every stream ends with from now on.
    private EtcdError _endsWith;

    public StreamGuard Open(HttpContext context, CancellationToken callEnds)
    {
        var guard = new StreamGuard(this, CallGate.InsistsOnLeader(context), callEnds);
        EtcdError endsWith;
        lock (_gate)
        {
            endsWith = _endsWith;
            if (endsWith == EtcdError.None)
                _open.Add(guard);
        }
        if (endsWith != EtcdError.None)
            guard.End(endsWith);
        return guard;
    }

    public void Remove(StreamGuard guard)
    {
        lock (_gate)
            _open.Remove(guard);
    }

    /// <summary>Ends every stream, and each that is opened later at once.</summary>
    public void EndAll(EtcdError error)
    {
        List<StreamGuard> ended;
        lock (_gate)
        {
            _endsWith = error;
            ended = [.. _open];
        }
        ended.ForEach(guard => guard.End(error));
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
                EndInsisting();
        }
    }

    private void EndInsisting()
    {
        List<StreamGuard> ended;
        lock (_gate)
            ended = [.. _open.Where(static guard => guard.InsistsOnLeader && !guard.IsEnded)];
        if (ended.Count == 0)
            return;
        logger.LeaderlessStreamsEnded(ended.Count);
        ended.ForEach(static guard => guard.End(EtcdError.NoLeader));
    }
}
