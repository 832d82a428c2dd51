using Consensus.Contracts;
using Google.Protobuf;
using LeaseManager.Host.Proposing;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace LeaseManager.Host.Leases;

/// <summary>Proposes what is left of leases that run for long, and that it be forgotten when a keep-alive waits for that.</summary>
internal sealed class CheckpointLoop(LeaseBook book, LeaseProposer proposer, Alarm alarm, LeaseManagerOptions options, ILogger logger)
{
    private int _batchesInFlight;

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await alarm.WaitAsync(NextWait, stopping);
                Propose(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A checkpoint that is on its way is right whether it takes effect or not.
        }
    }

    // At its bound: what is done rings the alarm.
    private TimeSpan? NextWait() =>
        Volatile.Read(ref _batchesInFlight) < options.CheckpointBatchesInFlight ? book.UntilNextCheckpoint() : null;

    private void Propose(CancellationToken stopping)
    {
        while (Volatile.Read(ref _batchesInFlight) < options.CheckpointBatchesInFlight)
        {
            var batch = new List<(long Id, long RemainingSeconds)>();
            if (!book.TakeCheckpoints(options.CheckpointBatch, batch, out var epoch, out var known))
                return;
            Interlocked.Increment(ref _batchesInFlight);
            _ = ProposeAsync(batch, epoch, known, stopping);
        }
    }

    private async Task ProposeAsync(List<(long Id, long RemainingSeconds)> batch, ulong epoch, LogIndex known, CancellationToken stopping)
    {
        try
        {
            var command = new LeaseCheckpoints
            {
                Epoch = epoch,
                KnownIndex = known.Value,
                Ids = { batch.Select(static one => one.Id) },
                RemainingSeconds = { batch.Select(static one => one.RemainingSeconds) },
            };
            var result = await proposer.ProposeAsync(CommandKind.LeaseCheckpoints, command.ToByteArray(), stopping);
            if (result.Error == StorageError.StaleLeaseEpoch)
            {
                book.Refused(epoch);
                return;
            }
            if (result.Error == StorageError.None)
                await book.WaitAppliedAsync(result.Index, stopping);
            else
                Log.CheckpointRefused(logger, batch.Count, result.Error);
            book.CheckpointDone(batch.Select(static one => one.Id));
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
}
