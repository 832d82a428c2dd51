using Consensus.Contracts;

namespace Storage.Contracts;

/// <summary>
/// A piece of a state snapshot: one <see cref="SnapshotStart"/>, then all rows of the data file's tables in order as
/// <see cref="SnapshotRows"/>, at last one <see cref="SnapshotEnd"/>. Without its end a snapshot is worth nothing.
/// </summary>
public abstract record SnapshotChunk
{
    /// <summary>Rows of one chunk take at most this many bytes, unless one row alone is larger.</summary>
    public const int MaxRowsBytes = 1024 * 1024;

    private protected SnapshotChunk()
    {
    }
}

/// <summary>What the snapshot is of.</summary>
/// <param name="Format">How the rows are written: <see cref="CurrentFormat"/>, or the sender is newer.</param>
/// <param name="AppliedIndex">Everything up to this log index is in it, and nothing beyond.</param>
/// <param name="AppliedTerm">Term of that entry.</param>
public sealed record SnapshotStart(int Format, LogIndex AppliedIndex, Term AppliedTerm) : SnapshotChunk
{
    public const int CurrentFormat = 1;
}

/// <summary>Whole rows, by table and key ascending over the whole snapshot, each once.</summary>
/// <param name="Rows">
/// Row after row, integers little-endian: <code>table u8 | key length u16 | value length u32 | key | value</code>
/// Valid until the next chunk is asked for.
/// </param>
public sealed record SnapshotRows(ReadOnlyMemory<byte> Rows) : SnapshotChunk;

/// <summary>The end, by which the receiver knows that it has everything.</summary>
/// <param name="RowCount">Number of rows.</param>
/// <param name="RowBytes">Length of all <see cref="SnapshotRows.Rows"/> together.</param>
/// <param name="Crc32C">CRC-32 Castagnoli of all of them, one after the other.</param>
public sealed record SnapshotEnd(long RowCount, long RowBytes, uint Crc32C) : SnapshotChunk;
