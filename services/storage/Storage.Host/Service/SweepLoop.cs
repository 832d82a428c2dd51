using Microsoft.Extensions.Logging;

namespace Storage.Host.Service;

/// <summary>Drives compaction in small steps between applies.</summary>
internal sealed class SweepLoop(StateOwner owner, CommitLoop commits, SweepWaiters waiters, StorageMetrics metrics, TimeProvider time, FatalHandler fatal, ILogger logger)
{
    // Some 0.3 ms under the lock.
    private const int WorkPerStep = 1_500;

    private readonly BackgroundPace _pace = new(owner, time);

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
        lock (owner.Lock)
        {
            // Applies raise the flag while a sweep goes on, too.
            if (!owner.Machine.Sweep.IsPending)
                return;
        }
        long removed = 0;
        var longest = TimeSpan.Zero;
        var began = time.GetTimestamp();
        for (var isPending = true; isPending;)
        {
            TimeSpan worked;
            lock (owner.Lock)
            {
                var started = time.GetTimestamp();
                removed += owner.Machine.Sweep.Step(WorkPerStep);
                isPending = owner.Machine.Sweep.IsPending;
                // What it removes nobody can read any more, so nobody waits for a view without it; the last one lets go of the memory.
                if (!isPending)
                    owner.Publish();
                worked = time.GetElapsedTime(started);
            }
            longest = worked > longest ? worked : longest;
            metrics.SweepStepMilliseconds.Observe(worked.TotalMilliseconds);
            commits.Applied.Raise();
            await _pace.RestAsync(worked, stopping).ConfigureAwait(false);
        }
        if (waiters.IsAnyWaiting)
            commits.Urgent.Raise();
        var took = time.GetElapsedTime(began);
        metrics.SweptRevisions.Add(removed);
        metrics.SweepMilliseconds.Observe(took.TotalMilliseconds);
        metrics.LastSweep.Value = time.GetUtcNow().ToUnixTimeSeconds();
        StorageLog.Swept(logger, owner.Published.Current.CompactRevision, removed, took.TotalMilliseconds, longest.TotalMilliseconds);
    }
}
