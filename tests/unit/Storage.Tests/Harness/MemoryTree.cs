using System.Collections.Immutable;
using Storage.Core.Tree;

namespace Storage.Tests.Harness;

/// <summary>An ITree in memory: tables as immutable sorted maps, so that snapshots and commits are plain references.</summary>
internal sealed class MemoryTree : ITree
{
    private readonly Lock _lock = new();
    private Tables _working;
    private Tables _committed;
    private Tables _sealed;
    private bool _commitUnderWay;

    public MemoryTree() : this(Tables.Empty)
    {
    }

    private MemoryTree(Tables tables) => _working = _committed = _sealed = tables;

    /// <summary>What a new process finds: the last completed commit.</summary>
    public MemoryTree AfterCrash() => new(_committed);

    public long DirtyBytes { get; private set; }

    /// <summary>What it says that it holds.</summary>
    public long InUseBytes { get; set; } = 4096;

    public (long FileBytes, long InUseBytes) Size => (Math.Max(8192, InUseBytes), InUseBytes);

    public void Put(TableId table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Assert.InRange(key.Length, 1, 1024);
        _working = _working.With(table, _working[table].SetItem(key.ToArray(), value.ToArray()));
        DirtyBytes += key.Length + value.Length;
    }

    public bool Delete(TableId table, ReadOnlySpan<byte> key)
    {
        var rows = _working[table];
        var left = rows.Remove(key.ToArray());
        _working = _working.With(table, left);
        return left != rows;
    }

    public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) => _working.TryGet(table, key, out value);

    public ITreeCommit? BeginCommit()
    {
        Assert.False(_commitUnderWay, "one commit at a time");
        if (_working == _committed)
            return null;
        _commitUnderWay = true;
        _sealed = _working;
        DirtyBytes = 0;
        return new Commit();
    }

    public void CompleteCommit(ITreeCommit commit)
    {
        Assert.True(_commitUnderWay && commit is Commit { IsWritten: true }, "completed before it was written");
        _commitUnderWay = false;
        lock (_lock)
            _committed = _sealed;
    }

    /// <summary>Runs before a snapshot is opened; may throw what a tree on a file can.</summary>
    public Action? BeforeSnapshot { get; set; }

    /// <summary>What is asked of it; null: the tree has no file.</summary>
    public ITreeSpace? Space { get; init; }

    public ITreeSnapshot OpenSnapshot()
    {
        BeforeSnapshot?.Invoke();
        lock (_lock)
            return new Snapshot(_committed);
    }

    private sealed class Commit : ITreeCommit
    {
        public bool IsWritten { get; private set; }

        public void WriteTo(IPageDevice device)
        {
            device?.Sync();
            IsWritten = true;
        }
    }

    private sealed class Snapshot(Tables tables) : ITreeSnapshot
    {
        public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) => tables.TryGet(table, key, out value);

        public ITreeCursor Seek(TableId table, ReadOnlySpan<byte> from) => new Cursor(tables[table], from.ToArray());

        public void Dispose()
        {
        }
    }

    private sealed class Cursor(ImmutableSortedDictionary<byte[], byte[]> rows, byte[] from) : ITreeCursor
    {
        private readonly IEnumerator<KeyValuePair<byte[], byte[]>> _rows =
            rows.SkipWhile(row => row.Key.AsSpan().SequenceCompareTo(from) < 0).GetEnumerator();

        public bool MoveNext() => _rows.MoveNext();
        public ReadOnlySpan<byte> Key => _rows.Current.Key;
        public ReadOnlySpan<byte> Value => _rows.Current.Value;
    }

    private sealed record Tables(ImmutableArray<ImmutableSortedDictionary<byte[], byte[]>> Rows)
    {
        public static readonly Tables Empty = new(
            [.. Enumerable.Repeat(ImmutableSortedDictionary.Create<byte[], byte[]>(ByteOrder.Instance), 16)]);

        public ImmutableSortedDictionary<byte[], byte[]> this[TableId table] => Rows[table.Value];

        public Tables With(TableId table, ImmutableSortedDictionary<byte[], byte[]> rows) => new(Rows.SetItem(table.Value, rows));

        public bool TryGet(TableId table, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
        {
            var found = this[table].TryGetValue(key.ToArray(), out var bytes);
            value = bytes;
            return found;
        }
    }
}
