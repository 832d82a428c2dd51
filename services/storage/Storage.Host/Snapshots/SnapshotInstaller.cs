using System.Diagnostics;
using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.Snapshots;
using Storage.Core.State;
using Storage.Host.Service;

namespace Storage.Host.Snapshots;

/// <summary>
/// Fetches a snapshot into a new data file. The one in use is not touched: whatever goes wrong is thrown away and tried again, until a whole and sound
/// snapshot is there.
/// </summary>
internal sealed class SnapshotInstaller(ISnapshotSource source, LogKeeper log, StorageOptions options, TimeProvider time, ILogger logger)
{
    // Changed pages in memory until they are written.
    private const long MaxDirtyBytes = 32 * 1024 * 1024;

    // Members are known when the log is; a few seconds are for what is just joining.
    private const int MaxTriesWithoutPeers = 6;

    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromSeconds(5);

    /// <summary>A data file that holds a snapshot, and the state machine on it. Nothing is in place yet.</summary>
    public sealed record Received(IIncomingData File, StateMachine Machine, long Bytes, TimeSpan Took);

    /// <summary>Receives one, however many tries it takes.</summary>
    /// <exception cref="NoPeersException">There has been nobody to ask for some seconds.</exception>
    public async Task<Received> ReceiveAsync(Func<IIncomingData> createFile, LogIndex atLeast, CancellationToken stopping)
    {
        var triesWithoutPeers = 0;
        for (var backoff = s_firstBackoff; ; backoff = backoff * 2 < s_longestBackoff ? backoff * 2 : s_longestBackoff)
        {
            IIncomingData? file = null;
            SnapshotLoader? loader = null;
            Exception failure;
            try
            {
                var started = time.GetTimestamp();
                file = createFile();
                loader = new SnapshotLoader(file.Data.Tree);
                var machine = await ReceiveAsync(file.Data, loader, atLeast, stopping).ConfigureAwait(false);
                return new Received(file, machine, loader.Bytes, time.GetElapsedTime(started));
            }
#pragma warning disable CA1031 // A peer, the network or the new file failed: nothing of this try is kept, and the next one may succeed.
            catch (Exception exception) when (exception is not UnreachableException)
#pragma warning restore CA1031
            {
                failure = exception;
            }
            if (file is not null)
                await file.DisposeAsync().ConfigureAwait(false);
            stopping.ThrowIfCancellationRequested();
            triesWithoutPeers = failure is NoPeersException ? triesWithoutPeers + 1 : 0;
            if (triesWithoutPeers == MaxTriesWithoutPeers)
                throw failure;
            StorageLog.SnapshotFailed(logger, failure, loader?.Bytes ?? 0, backoff);
            await Task.Delay(backoff, time, stopping).ConfigureAwait(false);
        }
    }

    private async Task<StateMachine> ReceiveAsync(StorageData data, SnapshotLoader loader, LogIndex atLeast, CancellationToken stopping)
    {
        using var arrived = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var keeping = Task.CompletedTask;
        try
        {
            await foreach (var chunk in source.FetchAsync(atLeast, stopping).ConfigureAwait(false))
            {
                loader.Add(chunk);
                if (chunk is SnapshotStart start)
                {
                    if (start.AppliedIndex < atLeast)
                        throw new SnapshotAbortedException($"it is of log index {start.AppliedIndex}, {atLeast} is needed");
                    StorageLog.SnapshotStarted(logger, start.AppliedIndex.Value, start.AppliedTerm.Value);
                    keeping = log.RunAsync(start.AppliedIndex, arrived.Token);
                }
                if (data.Tree.DirtyBytes > MaxDirtyBytes)
                    await CommitAsync(data).ConfigureAwait(false);
            }
            if (!loader.IsComplete)
                throw new SnapshotDamagedException("no end");
            await CommitAsync(data).ConfigureAwait(false);
            return Open(data, loader);
        }
        finally
        {
            await arrived.CancelAsync().ConfigureAwait(false);
            await keeping.ConfigureAwait(false);
        }
    }

    private StateMachine Open(StorageData data, SnapshotLoader loader)
    {
        // Rebuilding the state is the last proof: what is no record of ours shows here, before anything is replaced.
        var machine = StateMachine.Open(data.Tree, options.State, new PoolWorker());
        if (machine.AppliedIndex != loader.Start!.AppliedIndex || machine.AppliedTerm != loader.Start.AppliedTerm)
            throw new SnapshotDamagedException($"the state of log index {machine.AppliedIndex}; its start says {loader.Start.AppliedIndex}");
        return machine;
    }

    private static async Task CommitAsync(StorageData data)
    {
        if (data.Tree.BeginCommit() is not { } commit)
            return;
        await TreeWrite.RunAsync(commit, data.Device).ConfigureAwait(false);
        data.Tree.CompleteCommit(commit);
    }
}
