using Consensus.Contracts;
using Google.Protobuf;
using LeaseManager.Host.Proposing;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace LeaseManager.Host.Leases;

/// <summary>Ends leases and v2 nodes when their time is over: by proposals, which the state machine may still refuse.</summary>
internal sealed class ExpiryLoop(
    LeaseBook book, LeaseProposer proposer, Alarm alarm, LeaseMetrics metrics, LeaseManagerOptions options, TimeProvider time, ILogger logger)
{
    // The wall clock can be set while a wait is under way, so a wait for a v2 deadline is never longer.
    private static readonly TimeSpan MaxV2Wait = TimeSpan.FromSeconds(5);

    private int _batchesInFlight;
    private int _v2InFlight;

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await alarm.WaitAsync(NextWait, stopping);
                ExpireLeases(stopping);
                ExpireV2(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end of the service is the end of the loop. What is in flight is the successor's: it learns of it from the feed.
        }
    }

    // Whatever is at its bound rings the alarm when it is done.
    private TimeSpan? NextWait()
    {
        TimeSpan? wait = Volatile.Read(ref _batchesInFlight) < options.ExpireBatchesInFlight ? book.UntilNextLease() : null;
        if (Volatile.Read(ref _v2InFlight) == 0 && book.UntilNextV2() is { } v2)
        {
            v2 = v2 < MaxV2Wait ? v2 : MaxV2Wait;
            wait = wait < v2 ? wait : v2;
        }
        return wait;
    }

    private void ExpireLeases(CancellationToken stopping)
    {
        while (Volatile.Read(ref _batchesInFlight) < options.ExpireBatchesInFlight)
        {
            var ids = new List<long>();
            if (!book.TakeExpired(options.ExpireBatch, ids, out var epoch, out var known))
                return;
            Interlocked.Increment(ref _batchesInFlight);
            _ = ExpireAsync(ids, epoch, known, stopping);
        }
    }

    private async Task ExpireAsync(List<long> ids, ulong epoch, LogIndex known, CancellationToken stopping)
    {
        try
        {
            var command = new LeaseExpire { Epoch = epoch, Ids = { ids }, KnownIndex = known.Value };
            var result = await proposer.ProposeAsync(CommandKind.LeaseExpire, command.ToByteArray(), stopping);
            switch (result.Error)
            {
                case StorageError.None:
                    metrics.Expired.Add(ids.Count);
                    await book.WaitAppliedAsync(result.Index, stopping);
                    book.ExpiryDone(ids);
                    break;
                case StorageError.StaleLeaseEpoch:
                    book.Refused(epoch);
                    break;
                default:
                    Log.ExpireRefused(logger, ids.Count, result.Error);
                    book.ExpiryFailed(ids, options.ExpireRetry);
                    break;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // As in RunAsync.
        }
        finally
        {
            Interlocked.Decrement(ref _batchesInFlight);
            alarm.Ring();
        }
    }

    private void ExpireV2(CancellationToken stopping)
    {
        if (Volatile.Read(ref _v2InFlight) == 0 && book.UntilNextV2() <= TimeSpan.Zero)
        {
            Volatile.Write(ref _v2InFlight, 1);
            _ = ExpireV2Async(stopping);
        }
    }

    private async Task ExpireV2Async(CancellationToken stopping)
    {
        try
        {
            var command = new V2Expire { NowUnixNanos = time.UnixNanos() };
            var result = await proposer.ProposeAsync(CommandKind.V2Expire, command.ToByteArray(), stopping);
            if (result.Error == StorageError.None)
            {
                // Until then the feed still shows the deadline that has just been dealt with.
                await book.WaitAppliedAsync(result.Index, stopping);
            }
            else
            {
                Log.V2ExpireRefused(logger, result.Error);
                await Task.Delay(options.ExpireRetry, time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // As in RunAsync.
        }
        finally
        {
            Volatile.Write(ref _v2InFlight, 0);
            alarm.Ring();
        }
    }
}
