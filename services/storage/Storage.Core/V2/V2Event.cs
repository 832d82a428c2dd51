using System.Buffers.Binary;
using System.Text;
using Storage.Contracts;

namespace Storage.Core.V2;

/// <summary>One event of the v2 tree: one v2 index. Its JSON is made once, when it is applied.</summary>
/// <param name="Path">The node's path in UTF-8.</param>
/// <param name="Kind">What watchers match by.</param>
/// <param name="Json">The event without a line end.</param>
/// <param name="Span">The span that applied it, when sampled; not stored.</param>
public sealed record V2Event(byte[] Path, FeedEventKind Kind, byte[] Json, History.ApplySpan? Span)
{
    /// <summary>Key in the V2Events table: the index, big-endian.</summary>
    public static void WriteKey(Span<byte> key, long index) => BinaryPrimitives.WriteInt64BigEndian(key, index);

    /// <summary>Stored form: kind (u8), path length (i32 little-endian), path, JSON.</summary>
    public byte[] Encode()
    {
        var record = new byte[5 + Path.Length + Json.Length];
        record[0] = (byte)Kind;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(1), Path.Length);
        Path.CopyTo(record.AsSpan(5));
        Json.CopyTo(record.AsSpan(5 + Path.Length));
        return record;
    }

    /// <summary>Reads the stored form.</summary>
    public static V2Event Decode(ReadOnlySpan<byte> record)
    {
        var pathBytes = BinaryPrimitives.ReadInt32LittleEndian(record[1..]);
        return new V2Event(record.Slice(5, pathBytes).ToArray(), (FeedEventKind)record[0], record[(5 + pathBytes)..].ToArray(), null);
    }

    public FeedEvent ToFeedEvent() => new(Path, Json, Json, Kind);
}
