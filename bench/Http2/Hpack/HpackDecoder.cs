using System.Text;

namespace Bench.Http2.Hpack;

/// <summary>
/// Decodes the header blocks of one connection (RFC 7541), in the order they arrive. Keeps the full dynamic table, as real
/// gRPC clients do, so that a server does for us what it does for them; keeps from the headers only what gRPC needs.
/// </summary>
internal sealed class HpackDecoder
{
    /// <summary>The protocol's default table size, which our SETTINGS leave as it is (RFC 9113 §6.5.2).</summary>
    public const int TableBytes = 4096;

    private const int MaxStringBytes = 16 * 1024;

    private readonly DynamicTable _table = new(TableBytes);
    private readonly byte[] _nameScratch = new byte[MaxStringBytes];
    private readonly byte[] _valueScratch = new byte[MaxStringBytes];

    /// <summary>Decodes one whole block; throws <see cref="Http2Exception"/> when it is malformed.</summary>
    public ResponseHeaders Decode(ReadOnlySpan<byte> block)
    {
        var headers = new ResponseHeaders();
        while (!block.IsEmpty)
        {
            var first = block[0];
            if (first >= 0x80)
                Apply(Lookup(ReadInteger(ref block, 7)), ref headers);
            else if (first >= 0x40)
                Literal(ref block, 6, isIndexed: true, ref headers);
            else if (first >= 0x20)
                Resize(ReadInteger(ref block, 5));
            else
                Literal(ref block, 4, isIndexed: false, ref headers);
        }
        return headers;
    }

    private void Literal(ref ReadOnlySpan<byte> block, int prefixBits, bool isIndexed, ref ResponseHeaders headers)
    {
        var nameIndex = ReadInteger(ref block, prefixBits);
        var name = nameIndex == 0 ? ReadString(ref block, _nameScratch) : Lookup(nameIndex).Name;
        var value = ReadString(ref block, _valueScratch);
        if (isIndexed)
        {
            var field = new HeaderField(name.ToArray(), value.ToArray());
            _table.Add(field);
            Apply(field, ref headers);
            return;
        }
        switch (HeaderField.KindOf(name))
        {
            case HeaderKind.HttpStatus:
                headers.HttpStatus = HeaderField.NumberOf(value);
                break;
            case HeaderKind.GrpcStatus:
                headers.GrpcStatus = HeaderField.NumberOf(value);
                break;
            case HeaderKind.GrpcMessage:
                headers.GrpcMessage = Encoding.UTF8.GetString(value);
                break;
            default:
                break;
        }
    }

    private static void Apply(HeaderField field, ref ResponseHeaders headers)
    {
        switch (field.Kind)
        {
            case HeaderKind.HttpStatus:
                headers.HttpStatus = field.Number;
                break;
            case HeaderKind.GrpcStatus:
                headers.GrpcStatus = field.Number;
                break;
            case HeaderKind.GrpcMessage:
                headers.GrpcMessage = field.Value.Length == 0 ? "" : Encoding.UTF8.GetString(field.Value);
                break;
            default:
                break;
        }
    }

    private HeaderField Lookup(int index)
    {
        if (index is >= 1 and <= StaticTable.Count)
            return StaticTable.At(index);
        return _table.At(index - StaticTable.Count - 1) ?? throw new Http2Exception($"HPACK index {index} is not in the tables");
    }

    private void Resize(int maxBytes)
    {
        if (!_table.TryResize(maxBytes))
            throw new Http2Exception($"HPACK table size {maxBytes} exceeds our SETTINGS");
    }

    private static ReadOnlySpan<byte> ReadString(ref ReadOnlySpan<byte> block, byte[] scratch)
    {
        if (block.IsEmpty)
            throw new Http2Exception("HPACK block ends inside a field");
        var isHuffman = block[0] >= 0x80;
        var length = ReadInteger(ref block, 7);
        if (length > block.Length)
            throw new Http2Exception("HPACK string runs past its block");
        var raw = block[..length];
        block = block[length..];
        if (!isHuffman)
            return raw;
        var decoded = HuffmanDecoder.Decode(raw, scratch);
        return decoded >= 0 ? scratch.AsSpan(0, decoded) : throw new Http2Exception("HPACK string is no valid Huffman code");
    }

    // RFC 7541 §5.1.
    private static int ReadInteger(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        var mask = (1 << prefixBits) - 1;
        var value = block[0] & mask;
        block = block[1..];
        if (value < mask)
            return value;
        for (var shift = 0; shift <= 21 && !block.IsEmpty; shift += 7)
        {
            var octet = block[0];
            block = block[1..];
            value += (octet & 0x7f) << shift;
            if (octet < 0x80)
                return value;
        }
        throw new Http2Exception("HPACK integer is malformed");
    }
}
