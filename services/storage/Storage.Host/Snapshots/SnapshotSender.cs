using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.Database;
using Storage.Core.Snapshots;
using Storage.Core.Tree;
using Storage.Host.Service;

namespace Storage.Host.Snapshots;

/// <summary>The snapshots that are being read from one data file.</summary>
internal sealed class SnapshotSender(ReadGuard reads, TimeSpan stallLimit, StorageMetrics metrics, TimeProvider time, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly HashSet<IPinned> _open = [];
    private string? _ended;

    /// <summary>Everything in <paramref name="snapshot"/>, which is disposed at the end.</summary>
    public async IAsyncEnumerable<SnapshotChunk> ReadAsync(ITreeSnapshot snapshot, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        SnapshotStart? start = null;
        await foreach (var chunk in ReadAsync(snapshot, new SnapshotChunker(snapshot), cancellation).ConfigureAwait(false))
        {
            yield return chunk;
            start ??= chunk as SnapshotStart;
            if (chunk is SnapshotEnd end)
                StorageLog.SnapshotSent(logger, start!.AppliedIndex.Value, end.RowBytes, time.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    /// <summary>The same as a database of etcd's.</summary>
    public async IAsyncEnumerable<DatabasePiece> ReadDatabaseAsync(ITreeSnapshot snapshot, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        long bytes = 0;
        await foreach (var piece in ReadAsync(snapshot, new DatabaseWriter(snapshot), cancellation).ConfigureAwait(false))
        {
            // While the file is being laid out there is nothing to hand out.
            if (piece.Bytes.IsEmpty)
                continue;
            yield return piece;
            bytes += piece.Bytes.Length;
            if (piece.RemainingBytes != 0)
                continue;
            var took = time.GetElapsedTime(started);
            metrics.SnapshotSeconds.Observe(took.TotalSeconds);
            StorageLog.DatabaseSent(logger, bytes, took.TotalMilliseconds);
        }
    }

    /// <summary>Cuts off everyone: the file is about to be closed.</summary>
    public void End(string reason)
    {
        IPinned[] open;
        lock (_lock)
        {
            _ended = reason;
            open = [.. _open];
        }
        foreach (var snapshot in open)
            snapshot.Abort(reason);
    }

    private async IAsyncEnumerable<T> ReadAsync<T>(ITreeSnapshot snapshot, ISnapshotReader<T> reader, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        using var pinned = Pin(snapshot, reader);
        try
        {
            // A piece is up to a megabyte of work: others may want the thread in between.
            for (; reads.Run(pinned, static pinned => pinned.Next()) is { } piece; await Task.Yield())
            {
                cancellation.ThrowIfCancellationRequested();
                yield return piece;
            }
        }
        finally
        {
            lock (_lock)
                _open.Remove(pinned);
        }
    }

    private PinnedSnapshot<T> Pin<T>(ITreeSnapshot snapshot, ISnapshotReader<T> reader)
        where T : class
    {
        lock (_lock)
        {
            if (_ended is { } reason)
            {
                snapshot.Dispose();
                throw new SnapshotAbortedException(reason);
            }
            var pinned = new PinnedSnapshot<T>(snapshot, reader, stallLimit, time);
            _open.Add(pinned);
            return pinned;
        }
    }
}
