using Storage.Contracts;
using Storage.Core.Checksums;
using Storage.Core.Mvcc;
using Storage.Core.Tree;

namespace Storage.Core.Snapshots;

/// <summary>
/// Writes a state snapshot into an empty tree. Every byte comes from elsewhere and is checked; the caller commits the tree now and then to bound
/// its memory, and uses it only when <see cref="IsComplete"/>.
/// </summary>
public sealed class SnapshotLoader(ITree tree)
{
    private readonly byte[] _lastKey = new byte[CopyOnWriteTree.MaxKeyBytes];
    private int _lastKeyLength;
    private TableId _lastTable;
    private long _rows;
    private uint _crc = Crc32C.Initial;

    /// <summary>What the snapshot says it is of; null before its first chunk.</summary>
    public SnapshotStart? Start { get; private set; }

    /// <summary>The end has come, and agrees with what came before it.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Bytes of rows taken in.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes in the next chunk.</summary>
    /// <exception cref="SnapshotDamagedException">It is not what can come next, or what came does not have the checksum it should.</exception>
    public void Add(SnapshotChunk chunk)
    {
        Require(!IsComplete, "a chunk after its end");
        switch (chunk)
        {
            case SnapshotStart start:
                Require(Start is null, "a second start");
                Require(start.Format == SnapshotStart.CurrentFormat, $"format {start.Format}, which this version does not know");
                Start = start;
                break;
            case SnapshotRows rows:
                Require(Start is not null, "rows before its start");
                Add(rows.Rows.Span);
                break;
            case SnapshotEnd end:
                Require(Start is not null, "an end before its start");
                Require(
                    end == new SnapshotEnd(_rows, Bytes, Crc32C.Finish(_crc)),
                    $"{_rows} rows, {Bytes} bytes, checksum {Crc32C.Finish(_crc):x8}; its end says {end.RowCount}, {end.RowBytes}, {end.Crc32C:x8}");
                IsComplete = true;
                break;
            default:
                throw new ArgumentException("no chunk of a snapshot", nameof(chunk));
        }
    }

    private void Add(ReadOnlySpan<byte> rows)
    {
        _crc = Crc32C.Append(_crc, rows);
        Bytes += rows.Length;
        while (!rows.IsEmpty)
        {
            Require(SnapshotRow.TryTake(ref rows, out var table, out var key, out var value), "bytes that are no row");
            Require(TableId.All.Contains(table), "a row of a table that there is not");
            var order = table.Value.CompareTo(_lastTable.Value);
            Require(order > 0 || (order == 0 && key.SequenceCompareTo(_lastKey.AsSpan(0, _lastKeyLength)) > 0), "rows out of order");
            _lastTable = table;
            _lastKeyLength = key.Length;
            key.CopyTo(_lastKey);
            if (table == TableId.Revisions)
                RevisionRow.Put(tree, key, value);
            else
                tree.Put(table, key, value);
            _rows++;
        }
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new SnapshotDamagedException(otherwise);
    }
}
