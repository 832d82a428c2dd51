using System.Buffers.Binary;
using System.Text;
using Storage.Contracts;

namespace Storage.Core.V2;

/// <summary>One event of the v2 tree: one v2 index. Its JSON is made once, when it is applied.</summary>
/// <param name="Path">The node's path in UTF-8.</param>
/// <param name="Kind">What watchers match by.</param>
/// <param name="Json">The event without a line end.</param>
/// <param name="Span">The span that applied it, when sampled; not stored.</param>
/// <param name="Removed">Of a removed directory: what went with it; null when that is not known.</param>
public sealed record V2Event(byte[] Path, FeedEventKind Kind, byte[] Json, History.ApplySpan? Span, RemovedPaths? Removed = null)
{
    // Beside the kind: a list of removed paths lies between path and JSON.
    private const byte HasRemoved = 0x80;

    /// <summary>What it holds beside its path.</summary>
    public int Bytes => Json.Length + (Removed?.Encoded.Length ?? 0);

    /// <summary>Key in the V2Events table: the index, big-endian.</summary>
    public static void WriteKey(Span<byte> key, long index) => BinaryPrimitives.WriteInt64BigEndian(key, index);

    /// <summary>Stored form: kind (u8), path length (i32 little-endian), path, and if there is one the length (i32) of the list of removed paths and the list, JSON.</summary>
    public byte[] Encode()
    {
        var listBytes = Removed is null ? 0 : 4 + Removed.Encoded.Length;
        var record = new byte[5 + Path.Length + listBytes + Json.Length];
        record[0] = (byte)Kind;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(1), Path.Length);
        Path.CopyTo(record.AsSpan(5));
        var rest = record.AsSpan(5 + Path.Length);
        if (Removed is not null)
        {
            record[0] |= HasRemoved;
            BinaryPrimitives.WriteInt32LittleEndian(rest, Removed.Encoded.Length);
            Removed.Encoded.Span.CopyTo(rest[4..]);
        }
        Json.CopyTo(rest[listBytes..]);
        return record;
    }

    /// <summary>Reads the stored form.</summary>
    public static V2Event Decode(ReadOnlySpan<byte> record)
    {
        var pathBytes = BinaryPrimitives.ReadInt32LittleEndian(record[1..]);
        var path = record.Slice(5, pathBytes).ToArray();
        var rest = record[(5 + pathBytes)..];
        if ((record[0] & HasRemoved) == 0)
            return new V2Event(path, (FeedEventKind)record[0], rest.ToArray(), null);
        var listBytes = BinaryPrimitives.ReadInt32LittleEndian(rest);
        return new V2Event(path, (FeedEventKind)(record[0] & ~HasRemoved), rest[(4 + listBytes)..].ToArray(), null, RemovedPaths.Read(rest.Slice(4, listBytes).ToArray()));
    }

    public FeedEvent ToFeedEvent() => new(Path, Json, Json, Kind) { Removed = Removed };
}
