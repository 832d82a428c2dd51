using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// Commits the tree: some time after something was applied, or at once when much has changed. The disk is written on a thread of its own
/// while applies go on.
/// </summary>
internal sealed class CommitLoop(
    StateOwner owner, SweepWaiters sweeps, DurabilityReports reports, Wakeup sizeChanged, StorageMetrics metrics, StorageOptions options, TimeProvider time, FatalHandler fatal, ILogger logger)
{
    private readonly CommitWaiters _waiters = new(owner.Machine.AppliedIndex);
    private long _completed;

    /// <summary>Raised when there is something to commit.</summary>
    public Wakeup Applied { get; } = new();

    /// <summary>Raised when the next commit must not wait out its interval: <see cref="MaxDirtyBytes"/> are exceeded, or someone waits for it.</summary>
    public Wakeup Urgent { get; } = new();

    /// <summary>Raised after each commit; <see cref="SpaceLoop"/> waits for it.</summary>
    public Wakeup Committed { get; } = new();

    /// <summary>Commits begun so far. Read under the owner's lock.</summary>
    public long Begun { get; private set; }

    /// <summary>Commits of those that are durable, or turned out to have nothing to do.</summary>
    public long Completed => Volatile.Read(ref _completed);

    public long MaxDirtyBytes => options.MaxDirtyBytes;

    /// <summary>Log index up to which everything is on stable storage.</summary>
    public LogIndex Durable => _waiters.Committed;

    /// <summary>Completes when the tree's last commit holds everything up to the index; does not wait for the interval.</summary>
    /// <exception cref="TreeClosedException">Another data file took the place of this one.</exception>
    public Task CommittedAsync(LogIndex index, CancellationToken cancellation)
    {
        if (Durable >= index)
            return Task.CompletedTask;
        var committed = _waiters.WaitAsync(index, cancellation);
        Urgent.Raise();
        Applied.Raise();
        return committed;
    }

    /// <summary>Ends the waits: no more commits come.</summary>
    public void End(Exception reason) => _waiters.End(reason);

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await Applied.WaitAsync(stopping).ConfigureAwait(false);
                await WaitForIntervalAsync(stopping).ConfigureAwait(false);
                if (!await TryCommitAsync().ConfigureAwait(false))
                    return;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop; the service commits once more.
        }
    }

    /// <summary>Commits what there is; false when that failed, after which the tree must not be used.</summary>
    public async Task<bool> TryCommitAsync()
    {
        try
        {
            StateMachine.PendingCommit? pending;
            lock (owner.Lock)
            {
                Begun++;
                pending = owner.Machine.BeginCommit();
            }
            if (pending is null)
            {
                EndCommit();
                return true;
            }
            var started = time.GetTimestamp();
            await TreeWrite.RunAsync(pending.Commit, owner.Device).ConfigureAwait(false);
            lock (owner.Lock)
            {
                owner.Machine.CompleteCommit(pending);
                owner.Publish();
            }
            var took = time.GetElapsedTime(started);
            metrics.CommitSeconds.Observe(took.TotalSeconds);
            StorageLog.Committed(logger, pending.AppliedIndex.Value, took.TotalMilliseconds);
            _waiters.Reach(pending.AppliedIndex);
            sweeps.Wake(pending.SweptRevision);
            reports.Report(pending.AppliedIndex);
            sizeChanged.Raise();
            EndCommit();
            return true;
        }
#pragma warning disable CA1031 // One failed write or sync: what the file holds is no longer known, so the process stops.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fatal.Stop("a tree commit failed", exception);
            return false;
        }
    }

    // One commit is under way at a time, so the numbers of those begun and completed are the same again here.
    private void EndCommit()
    {
        Volatile.Write(ref _completed, _completed + 1);
        Committed.Raise();
    }

    private async Task WaitForIntervalAsync(CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var interval = Task.Delay(options.CommitInterval, time, ended.Token);
        var urgent = Urgent.WaitAsync(ended.Token).AsTask();
        await Task.WhenAny(interval, urgent).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(interval, urgent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.ThrowIfCancellationRequested();
    }
}
