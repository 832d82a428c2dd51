using System.Buffers.Binary;

namespace EtcdApi.Wire;

/// <summary>
/// Walks the fields of one protobuf message without allocating. Used where a request is only looked at
/// (validated, applied), so that its bytes are parsed in place and never re-encoded.
/// </summary>
/// <remarks>Malformed input sets <see cref="Malformed"/> and ends the walk; it never throws.</remarks>
public ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>Value of a varint or fixed field, as raw bits.</summary>
    public ulong Varint { get; private set; }

    /// <summary>Content of a length-delimited field, empty otherwise.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Wire type of the current field: 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32.</summary>
    public int WireType { get; private set; }

    /// <summary>True once bytes were met that are no protobuf message.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Moves to the next field; false at the end or when the input is malformed.</summary>
    public bool Next()
    {
        Bytes = default;
        Varint = 0;
        if (_rest.IsEmpty || Malformed)
            return false;
        if (!TryVarint(out var tag) || tag >> 3 is 0 or > int.MaxValue)
            return Fail();
        Field = (int)(tag >> 3);
        WireType = (int)(tag & 7);
        switch (WireType)
        {
            case 0:
                if (!TryVarint(out var value))
                    return Fail();
                Varint = value;
                return true;
            case 1:
                if (_rest.Length < 8)
                    return Fail();
                Varint = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
                _rest = _rest[8..];
                return true;
            case 2:
                if (!TryVarint(out var length) || length > (ulong)_rest.Length)
                    return Fail();
                Bytes = _rest[..(int)length];
                _rest = _rest[(int)length..];
                return true;
            case 5:
                if (_rest.Length < 4)
                    return Fail();
                Varint = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
                _rest = _rest[4..];
                return true;
            default:
                return Fail();
        }
    }

    private bool Fail()
    {
        Malformed = true;
        return false;
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < _rest.Length; i++)
        {
            var b = _rest[i];
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }
        return false;
    }
}
