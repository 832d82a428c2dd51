using Storage.Contracts;
using Storage.Core.Snapshots;
using Storage.Core.Tree;

namespace Storage.Host.Snapshots;

/// <summary>A tree snapshot that a slow consumer reads. It is let go when the consumer stalls, whatever the consumer does. Thread-safe.</summary>
internal sealed class PinnedSnapshot : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ITreeSnapshot _snapshot;
    private readonly SnapshotChunker _chunker;
    private readonly TimeSpan _stallLimit;
    private readonly ITimer _stall;
    private string? _aborted;

    public PinnedSnapshot(ITreeSnapshot snapshot, TimeSpan stallLimit, TimeProvider time)
    {
        _snapshot = snapshot;
        _chunker = new SnapshotChunker(snapshot);
        _stallLimit = stallLimit;
        _stall = time.CreateTimer(
            static self => ((PinnedSnapshot)self!).Abort("the snapshot was not read any further"), this, stallLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The next chunk; null after the end.</summary>
    /// <exception cref="SnapshotAbortedException">It was let go.</exception>
    public SnapshotChunk? Next()
    {
        lock (_lock)
        {
            if (_aborted is { } reason)
                throw new SnapshotAbortedException(reason);
            var chunk = _chunker.Next();
            _stall.Change(_stallLimit, Timeout.InfiniteTimeSpan);
            return chunk;
        }
    }

    public void Abort(string reason)
    {
        lock (_lock)
        {
            _aborted ??= reason;
            _snapshot.Dispose();
        }
        _stall.Dispose();
    }

    public void Dispose() => Abort("the snapshot is closed");
}
