using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.Checksums;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Snapshots;

/// <summary>Cuts one tree commit into the chunks of a state snapshot. For one thread at a time, as the tree snapshot it reads.</summary>
public sealed class SnapshotChunker(ITreeSnapshot snapshot) : ISnapshotReader<SnapshotChunk>
{
    // Used again for every chunk: a chunk is valid until the next one.
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(SnapshotChunk.MaxRowsBytes);
    private bool _hasStarted, _hasEnded;
    private int _table;

    // On a row that is not in a chunk yet; null between two tables.
    private ITreeCursor? _cursor;
    private long _rows, _bytes;
    private uint _crc = Crc32C.Initial;

    /// <summary>The next chunk; null after the end.</summary>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    public SnapshotChunk? Next()
    {
        if (!_hasStarted)
        {
            _hasStarted = true;
            // A file that nothing was applied to has no record of it.
            MetaRecord.TryLoad(snapshot, out var meta);
            return new SnapshotStart(SnapshotStart.CurrentFormat, new LogIndex(meta.AppliedIndex), new Term(meta.AppliedTerm));
        }
        if (_hasEnded)
            return null;
        var rows = TakeRows();
        if (!rows.IsEmpty)
        {
            _crc = Crc32C.Append(_crc, rows.Span);
            _bytes += rows.Length;
            return new SnapshotRows(rows);
        }
        _hasEnded = true;
        return new SnapshotEnd(_rows, _bytes, Crc32C.Finish(_crc));
    }

    private ReadOnlyMemory<byte> TakeRows()
    {
        var filled = 0;
        while (_cursor is not null || TryMoveToRow())
        {
            _cursor!.ReadRow(out var key, out var value);
            var length = SnapshotRow.Length(key, value);
            if (length > _buffer.Length - filled && filled > 0)
                break;
            _rows++;
            if (length > _buffer.Length)
            {
                var large = GC.AllocateUninitializedArray<byte>(length);
                SnapshotRow.Write(large, TableId.All[_table], key, value);
                MoveOn();
                return large;
            }
            SnapshotRow.Write(_buffer.AsSpan(filled), TableId.All[_table], key, value);
            filled += length;
            MoveOn();
        }
        return _buffer.AsMemory(0, filled);
    }

    private void MoveOn()
    {
        if (_cursor!.MoveNext())
            return;
        _cursor = null;
        _table++;
    }

    // To the first row of the next table that has one.
    private bool TryMoveToRow()
    {
        for (; _table < TableId.All.Length; _table++)
        {
            var cursor = snapshot.Seek(TableId.All[_table], []);
            if (!cursor.MoveNext())
                continue;
            _cursor = cursor;
            return true;
        }
        return false;
    }
}
