using Microsoft.Extensions.Logging;

namespace Storage.Host.Service;

/// <summary>Drives compaction in small steps between applies.</summary>
internal sealed class SweepLoop(StateOwner owner, CommitLoop commits, SweepWaiters waiters, FatalHandler fatal, ILogger logger)
{
    // About a millisecond under the lock.
    private const int KeysPerStep = 512;

    /// <summary>Raised when a compaction is in force that was not swept.</summary>
    public Wakeup Pending { get; } = new();

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await Pending.WaitAsync(stopping).ConfigureAwait(false);
                await SweepAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop; the next start sweeps again.
        }
#pragma warning disable CA1031 // The state may be half changed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fatal.Stop("compaction failed", exception);
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        long removed = 0;
        for (var isPending = true; isPending;)
        {
            stopping.ThrowIfCancellationRequested();
            lock (owner.Lock)
            {
                removed += owner.Machine.Sweep.Step(KeysPerStep);
                isPending = owner.Machine.Sweep.IsPending;
                owner.Publish();
            }
            await Task.Yield(); // an apply that waits for the lock goes first
        }
        commits.Applied.Raise();
        if (waiters.IsAnyWaiting)
            commits.Urgent.Raise();
        StorageTelemetry.SweptRevisions.Add(removed);
        StorageLog.Swept(logger, owner.Published.Current.CompactRevision, removed);
    }
}
