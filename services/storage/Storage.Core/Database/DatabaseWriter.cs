using Storage.Contracts;
using Storage.Core.Bolt;
using Storage.Core.Snapshots;
using Storage.Core.Tree;

namespace Storage.Core.Database;

/// <summary>
/// Turns one tree commit into a database file of etcd 3.5, from its first byte to its last. For one thread at a time, as the tree snapshot it reads.
/// </summary>
/// <remarks>
/// The file's first page says where its root is and how long it is, which only who has laid it all out knows. So everything is read twice: once
/// to count, once to write. What is in memory at a time is a page of each level of the file's trees, and one row.
/// </remarks>
public sealed class DatabaseWriter : ISnapshotReader<DatabasePiece>
{
    // Bytes of values that one call looks at while there is nothing to hand out yet, and what the key and the look itself count for.
    private const int StepBytes = 1024 * 1024, RowBytes = 64;

    // What a step that only counted brings.
    private static readonly DatabasePiece s_nothingYet = new(long.MaxValue, default);

    private readonly DatabaseRows _rows;
    private readonly PageQueue _pages = new();
    private BoltFileBuilder _file = new(new DiscardedPages(), null);
    private IEnumerator<int> _position;
    private BoltLayout? _layout;
    private long _sentBytes;
    private bool _isWritten;

    public DatabaseWriter(ITreeSnapshot snapshot)
    {
        _rows = new DatabaseRows(snapshot);
        _position = _rows.GiveTo(_file).GetEnumerator();
    }

    /// <summary>The next piece; without bytes while the file is being laid out. Null after the end.</summary>
    public DatabasePiece? Next()
    {
        if (_layout is not { } layout)
            return Count();
        while (!_isWritten && _pages.Count < DatabasePiece.Length)
            Write();
        if (_pages.Count == 0)
            return null;
        var bytes = _pages.Remove(DatabasePiece.Length);
        _sentBytes += bytes.Length;
        return new DatabasePiece(layout.Bytes - _sentBytes, bytes);
    }

    private DatabasePiece Count()
    {
        for (long done = 0; done < StepBytes; done += RowBytes + _position.Current)
        {
            if (_position.MoveNext())
                continue;
            var layout = _file.Complete();
            _layout = layout;
            _file = new BoltFileBuilder(_pages, layout);
            _position = _rows.GiveTo(_file).GetEnumerator();
            break;
        }
        return s_nothingYet;
    }

    private void Write()
    {
        if (_position.MoveNext())
            return;
        _file.Complete();
        _isWritten = true;
    }
}
