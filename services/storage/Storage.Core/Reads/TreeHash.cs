using System.Buffers.Binary;
using Storage.Core.Checksums;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Reads;

/// <summary>
/// CRC-32 Castagnoli over what clients have put into a data file: per row its table's number, key length (4 bytes little-endian), key and value. Without what
/// every entry of the log moves on, as in etcd: a member that was started again and nothing else has the hash that it had.
/// </summary>
public static class TreeHash
{
    // So many rows are read between two looks at whether anybody still wants the answer.
    private const int RowsPerLook = 4_096;

    /// <exception cref="OperationCanceledException">Nobody wants it any more.</exception>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    public static uint Compute(ITreeSnapshot snapshot, CancellationToken cancellation)
    {
        var crc = Crc32C.Initial;
        Span<byte> head = stackalloc byte[5];
        var rows = 0;
        foreach (var table in TableId.All)
        {
            // What sessions remember of their proposals.
            if (table == TableId.Sessions)
                continue;
            for (var row = snapshot.Seek(table, []); row.MoveNext();)
            {
                if (++rows % RowsPerLook == 0)
                    cancellation.ThrowIfCancellationRequested();
                if (table == TableId.Meta && MetaRecord.IsAt(row.Key))
                    continue;
                head[0] = table.Value;
                BinaryPrimitives.WriteInt32LittleEndian(head[1..], row.Key.Length);
                crc = Crc32C.Append(Crc32C.Append(Crc32C.Append(crc, head), row.Key), row.Value);
            }
        }
        return Crc32C.Finish(crc);
    }
}
