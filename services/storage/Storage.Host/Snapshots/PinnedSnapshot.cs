using Storage.Contracts;
using Storage.Core.Snapshots;
using Storage.Core.Tree;

namespace Storage.Host.Snapshots;

/// <summary>Something that holds back the reuse of pages, and can be made to let go.</summary>
internal interface IPinned
{
    void Abort(string reason);
}

/// <summary>A tree snapshot that a slow consumer reads. It is let go when the consumer stalls, whatever the consumer does. Thread-safe.</summary>
internal sealed class PinnedSnapshot<T> : IPinned, IDisposable
    where T : class
{
    private readonly Lock _lock = new();
    private readonly ITreeSnapshot _snapshot;
    private readonly ISnapshotReader<T> _reader;
    private readonly TimeSpan _stallLimit;
    private readonly ITimer _stall;
    private string? _aborted;

    public PinnedSnapshot(ITreeSnapshot snapshot, ISnapshotReader<T> reader, TimeSpan stallLimit, TimeProvider time)
    {
        _snapshot = snapshot;
        _reader = reader;
        _stallLimit = stallLimit;
        _stall = time.CreateTimer(
            static self => ((PinnedSnapshot<T>)self!).Abort("the snapshot was not read any further"), this, stallLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The next piece; null after the end.</summary>
    /// <exception cref="SnapshotAbortedException">It was let go.</exception>
    public T? Next()
    {
        lock (_lock)
        {
            if (_aborted is { } reason)
                throw new SnapshotAbortedException(reason);
            var piece = _reader.Next();
            _stall.Change(_stallLimit, Timeout.InfiniteTimeSpan);
            return piece;
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
