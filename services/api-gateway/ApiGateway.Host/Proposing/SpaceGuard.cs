using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Limits;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace ApiGateway.Host.Proposing;

/// <summary>
/// Lets writes pass while this gateway's storage replica has room for them, and raises the replica's alarm when it has not. Only a first look, as the size
/// of a file is each replica's own: what all replicas refuse by is the alarm. Thread-safe.
/// </summary>
/// <remarks>
/// The room is asked for now and then; in between what passes is taken off it at etcd's cost, which is more than it takes. A request that does not fit asks
/// again before it is refused. How far the replica is behind is in the same answer (<see cref="ApplyLag"/>).
/// </remarks>
public sealed class SpaceGuard(
    IStorage storage, ReadBarrier barrier, Proposer proposer, ClusterView cluster, ApplyLag lag, GatewayOptions options, TimeProvider time, ILogger<SpaceGuard> logger)
    : BackgroundService
{
    // Bytes that may still be written; unlimited until the replica has answered once.
    private long _room = long.MaxValue;

    private readonly Lock _gate = new();
    private Task<StorageStatus>? _asking;

    /// <summary>Completes when a request of that cost may be proposed.</summary>
    /// <param name="cost">By <see cref="Core.Requests.SpaceCost"/>; 0 always passes.</param>
    /// <exception cref="RequestFailedException">There is no room.</exception>
    public ValueTask AdmitAsync(int cost) =>
        cost == 0 || Interlocked.Add(ref _room, -cost) > 0 ? default : new ValueTask(AskAndAdmitAsync(cost));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await AskAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.SpaceUnknown(exception);
            }
            await Task.Delay(lag.IsTooFar ? options.UnsettledRefreshPeriod : options.SpaceRefreshPeriod, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;
        }
    }

    private async Task AskAndAdmitAsync(int cost)
    {
        var status = await barrier.BoundedAsync(new ValueTask<StorageStatus>(AskAsync()), EtcdError.Timeout).ConfigureAwait(false);
        if (Interlocked.Add(ref _room, -cost) > 0)
            return;
        // What does not pass takes nothing.
        Interlocked.Add(ref _room, cost);
        if (!status.Alarms.Contains((status.AlarmMember, (int)EtcdApi.Etcdserverpb.AlarmType.Nospace)))
        {
            logger.SpaceExceeded(status.FileBytesInUse, status.QuotaBytes, cost);
            var raise = new SpaceAlarm { Member = status.AlarmMember, Exceeded = true };
            await proposer.ProposeAsync(CommandKind.SpaceAlarm, raise.ToByteArray()).ConfigureAwait(false);
        }
        throw new RequestFailedException(EtcdError.NoSpace);
    }

    // One question at a time, for all who want to know.
    private Task<StorageStatus> AskAsync()
    {
        lock (_gate)
            return _asking is { IsCompleted: false } ? _asking : _asking = AskOnceAsync();
    }

    private async Task<StorageStatus> AskOnceAsync()
    {
        // Not on the thread of a request that holds the gate.
        await Task.Yield();
        var committed = cluster.Known?.CommitIndex.Value ?? 0;
        var status = await storage.GetStatusAsync(CancellationToken.None).ConfigureAwait(false);
        lag.Note(committed, status.AppliedIndex.Value);
        // Without a quota so much that no sum of costs between two questions uses it up.
        Volatile.Write(ref _room, status.QuotaBytes == long.MaxValue ? long.MaxValue : status.QuotaBytes - status.FileBytesInUse);
        return status;
    }
}
