using System.Buffers.Binary;
using System.Text;
using Storage.Core.Bolt;
using Storage.Core.Checksums;

namespace Storage.Core.Database;

/// <summary>What etcd's tools say of a snapshot file.</summary>
/// <param name="Hash">CRC-32 Castagnoli of the names, keys and values of all buckets, in order.</param>
/// <param name="Revision">The newest in bucket key.</param>
/// <param name="TotalKeys">Rows of all buckets.</param>
/// <param name="TotalBytes">Size of the database, a digest behind it not counted.</param>
public sealed record DatabaseStatus(uint Hash, long Revision, long TotalKeys, long TotalBytes)
{
    /// <summary>Reads the whole file.</summary>
    /// <exception cref="BoltDamagedException">It is no database, or damaged.</exception>
    public static DatabaseStatus Read(BoltFile file)
    {
        var crc = Crc32C.Initial;
        long revision = 0, rows = 0;
        for (var bucket = file.Buckets(); bucket.MoveNext();)
        {
            if (!bucket.IsBucket)
                throw new BoltDamagedException("the file is no database of etcd: it has a row outside of all buckets");
            crc = Crc32C.Append(crc, bucket.Key);
            var isKeys = Encoding.UTF8.GetString(bucket.Key) == BucketNames.Key;
            for (var row = file.Rows(bucket.Key, bucket.Value); row.MoveNext(); rows++)
            {
                crc = Crc32C.Append(Crc32C.Append(crc, row.Key), row.IsBucket ? [] : row.Value);
                if (isKeys && row.Key.Length >= sizeof(long))
                    revision = BinaryPrimitives.ReadInt64BigEndian(row.Key);
            }
        }
        return new DatabaseStatus(Crc32C.Finish(crc), revision, rows, file.Bytes);
    }
}
