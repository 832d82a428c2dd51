using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Core.State;

namespace Storage.Host.Service;

/// <summary>
/// Commits the tree: some time after something was applied, or at once when much has changed. The disk is written on a thread of its own
/// while applies go on.
/// </summary>
internal sealed class CommitLoop(
    IConsensus consensus, StateOwner owner, SweepWaiters sweeps, StorageOptions options, TimeProvider time, FatalHandler fatal, ILogger logger)
{
    private ulong _durable = owner.Published.Current.AppliedIndex.Value;

    /// <summary>Raised when there is something to commit.</summary>
    public Wakeup Applied { get; } = new();

    /// <summary>Raised when the next commit must not wait out its interval: <see cref="MaxDirtyBytes"/> are exceeded, or someone waits for it.</summary>
    public Wakeup Urgent { get; } = new();

    public long MaxDirtyBytes => options.MaxDirtyBytes;

    /// <summary>Log index up to which everything is on stable storage.</summary>
    public LogIndex Durable => new(Volatile.Read(ref _durable));

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await Applied.WaitAsync(stopping).ConfigureAwait(false);
                await WaitForIntervalAsync(stopping).ConfigureAwait(false);
                if (!await TryCommitAsync(stopping).ConfigureAwait(false))
                    return;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop; the service commits once more.
        }
    }

    /// <summary>Commits what there is; false when that failed, after which the tree must not be used.</summary>
    public async Task<bool> TryCommitAsync(CancellationToken stopping)
    {
        try
        {
            StateMachine.PendingCommit? pending;
            lock (owner.Lock)
                pending = owner.Machine.BeginCommit();
            if (pending is null)
                return true;
            var started = time.GetTimestamp();
            await Task.Factory.StartNew(
                () => pending.Commit.WriteTo(owner.Device), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                .ConfigureAwait(false);
            lock (owner.Lock)
            {
                owner.Machine.CompleteCommit(pending);
                owner.Publish();
            }
            var took = time.GetElapsedTime(started);
            StorageTelemetry.CommitSeconds.Record(took.TotalSeconds);
            StorageLog.Committed(logger, pending.AppliedIndex.Value, took.TotalMilliseconds);
            Volatile.Write(ref _durable, pending.AppliedIndex.Value);
            sweeps.Wake(pending.SweptRevision);
            await ReportAsync(pending.AppliedIndex, stopping).ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // One failed write or sync: what the file holds is no longer known, so the process stops.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            fatal.Stop("a tree commit failed", exception);
            return false;
        }
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

    private async Task ReportAsync(LogIndex durable, CancellationToken stopping)
    {
        try
        {
            await consensus.ReportDurableAsync(options.ReplicaName, durable, stopping).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Only lets consensus drop old entries (I9); a later report says more anyway.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            StorageLog.ReportFailed(logger, exception, durable.Value);
        }
    }
}
