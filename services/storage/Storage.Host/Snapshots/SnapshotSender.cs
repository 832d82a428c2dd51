using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.Snapshots;
using Storage.Core.Tree;
using Storage.Host.Service;

namespace Storage.Host.Snapshots;

/// <summary>The snapshots that are being read from one data file.</summary>
internal sealed class SnapshotSender(ReadGuard reads, TimeSpan stallLimit, TimeProvider time, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly HashSet<PinnedSnapshot> _open = [];
    private string? _ended;

    /// <summary>Everything in <paramref name="snapshot"/>, which is disposed at the end.</summary>
    public async IAsyncEnumerable<SnapshotChunk> ReadAsync(ITreeSnapshot snapshot, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var pinned = Pin(snapshot);
        try
        {
            var started = time.GetTimestamp();
            SnapshotStart? start = null;
            // A chunk is a megabyte of work: others may want the thread in between.
            for (; reads.Run(pinned, static pinned => pinned.Next()) is { } chunk; await Task.Yield())
            {
                cancellation.ThrowIfCancellationRequested();
                yield return chunk;
                start ??= chunk as SnapshotStart;
                if (chunk is SnapshotEnd end)
                    StorageLog.SnapshotSent(logger, start!.AppliedIndex.Value, end.RowBytes, time.GetElapsedTime(started).TotalMilliseconds);
            }
        }
        finally
        {
            lock (_lock)
                _open.Remove(pinned);
        }
    }

    /// <summary>Cuts off everyone: the file is about to be closed.</summary>
    public void End(string reason)
    {
        PinnedSnapshot[] open;
        lock (_lock)
        {
            _ended = reason;
            open = [.. _open];
        }
        foreach (var snapshot in open)
            snapshot.Abort(reason);
    }

    private PinnedSnapshot Pin(ITreeSnapshot snapshot)
    {
        lock (_lock)
        {
            if (_ended is { } reason)
            {
                snapshot.Dispose();
                throw new SnapshotAbortedException(reason);
            }
            var pinned = new PinnedSnapshot(snapshot, stallLimit, time);
            _open.Add(pinned);
            return pinned;
        }
    }
}
