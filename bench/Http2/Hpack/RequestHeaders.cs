using System.Text;

namespace Bench.Http2.Hpack;

/// <summary>
/// Encodes the request headers of one connection. The set is fixed and small, so the first use of a field inserts it into the server's
/// dynamic table and every later request is one byte a field: what grpc-go's encoder comes to as well.
/// </summary>
/// <remarks>
/// All fields together stay far below 4096 bytes, so nothing is ever evicted and indexes follow from the insertion order alone.
/// A server that announces a smaller table gets literals.
/// </remarks>
internal sealed class RequestHeaders
{
    /// <summary>The longest block that <see cref="Encode"/> can write.</summary>
    public const int MaxBytes = 512;

    private const byte MethodPost = 0x83;
    private const byte SchemeHttp = 0x86;
    private const int CommonFields = 5;

    private readonly Field[] _fields;
    private readonly bool _isIndexing;
    private bool _mustAnnounceEmptyTable;
    private int _inserted;

    public RequestHeaders(string authority, uint peerTableBytes)
    {
        _isIndexing = peerTableBytes >= HpackDecoder.TableBytes;
        _mustAnnounceEmptyTable = !_isIndexing;
        _fields =
        [
            new Field(1, null, authority),
            new Field(31, null, "application/grpc"),
            new Field(58, null, "distributed-bench"),
            new Field(0, "te", "trailers"),
            // clientv3 sends it with every unary call.
            new Field(0, "client-api-version", "3.5.30"),
            .. GrpcMethod.All.Select(method => new Field(4, null, method.Path)),
        ];
    }

    /// <summary>Writes the block of a call of <paramref name="method"/>; the bytes written.</summary>
    public int Encode(GrpcMethod method, Span<byte> target)
    {
        var written = 0;
        if (_mustAnnounceEmptyTable)
        {
            target[written++] = 0x20; // RFC 7541 §4.2: a reduced size is announced at the start of the next block.
            _mustAnnounceEmptyTable = false;
        }
        target[written++] = MethodPost;
        target[written++] = SchemeHttp;
        Write(_fields[CommonFields + method.Ordinal], target, ref written);
        for (var i = 0; i < CommonFields; i++)
            Write(_fields[i], target, ref written);
        return written;
    }

    private void Write(Field field, Span<byte> target, ref int written)
    {
        if (field.Position >= 0)
        {
            target[written++] = (byte)(0x80 | (StaticTable.Count + _inserted - field.Position));
            return;
        }
        var literal = _isIndexing ? field.Indexed : field.Plain;
        literal.CopyTo(target[written..]);
        written += literal.Length;
        if (_isIndexing)
            field.Position = _inserted++;
    }

    private sealed class Field(int nameIndex, string? name, string value)
    {
        /// <summary>Literal with incremental indexing (RFC 7541 §6.2.1).</summary>
        public byte[] Indexed { get; } = Literal(0x40, 6, nameIndex, name, value);

        /// <summary>Literal without indexing (RFC 7541 §6.2.2).</summary>
        public byte[] Plain { get; } = Literal(0x00, 4, nameIndex, name, value);

        /// <summary>How many fields were inserted before this one; -1 until it is inserted.</summary>
        public int Position { get; set; } = -1;

        private static byte[] Literal(byte pattern, int prefixBits, int nameIndex, string? name, string value)
        {
            var bytes = new List<byte>();
            var mask = (1 << prefixBits) - 1;
            if (nameIndex < mask)
                bytes.Add((byte)(pattern | nameIndex));
            else
                bytes.AddRange([(byte)(pattern | mask), (byte)(nameIndex - mask)]);
            if (name is not null)
                AddString(bytes, name);
            AddString(bytes, value);
            return [.. bytes];
        }

        private static void AddString(List<byte> bytes, string text)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, 126, nameof(text));
            bytes.Add((byte)text.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(text));
        }
    }
}
