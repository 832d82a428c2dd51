using EtcdApi.Wire;

namespace Storage.Core.Mvcc;

/// <summary>
/// An encoded mvccpb.KeyValue taken apart in place. It is encoded once, when the put is applied; the same bytes are stored, streamed and
/// answered. Fields in order: key 1, create_revision 2, mod_revision 3, version 4, value 5, lease 6; defaults are left out.
/// </summary>
public readonly ref struct KeyValueRecord
{
    private KeyValueRecord(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long createRevision, long modRevision, long version, long lease)
    {
        Key = key;
        Value = value;
        CreateRevision = createRevision;
        ModRevision = modRevision;
        Version = version;
        Lease = lease;
    }

    public ReadOnlySpan<byte> Key { get; }
    public ReadOnlySpan<byte> Value { get; }
    public long CreateRevision { get; }
    public long ModRevision { get; }
    public long Version { get; }
    public long Lease { get; }

    /// <summary>Bytes of a record with these fields.</summary>
    public static int Size(int keyBytes, int valueBytes, long createRevision, long modRevision, long version, long lease) =>
        ProtoWriter.BytesSize(1, keyBytes) + ProtoWriter.Int64Size(2, createRevision) + ProtoWriter.Int64Size(3, modRevision)
        + ProtoWriter.Int64Size(4, version) + ProtoWriter.BytesSize(5, valueBytes) + ProtoWriter.Int64Size(6, lease);

    /// <summary>Writes a record.</summary>
    public static void Write(
        ref ProtoWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value,
        long createRevision, long modRevision, long version, long lease)
    {
        writer.Bytes(1, key);
        writer.Int64(2, createRevision);
        writer.Int64(3, modRevision);
        writer.Int64(4, version);
        writer.Bytes(5, value);
        writer.Int64(6, lease);
    }

    /// <summary>Reads a record; false when the bytes are none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> record, out KeyValueRecord result)
    {
        ReadOnlySpan<byte> key = default, value = default;
        long create = 0, mod = 0, version = 0, lease = 0;
        var reader = new ProtoReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Bytes; break;
                case 2: create = (long)reader.Varint; break;
                case 3: mod = (long)reader.Varint; break;
                case 4: version = (long)reader.Varint; break;
                case 5: value = reader.Bytes; break;
                case 6: lease = (long)reader.Varint; break;
                default: break;
            }
        }
        result = new KeyValueRecord(key, value, create, mod, version, lease);
        return !reader.Malformed && !key.IsEmpty;
    }
}
