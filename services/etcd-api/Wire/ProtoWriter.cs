namespace EtcdApi.Wire;

/// <summary>
/// Writes protobuf fields into a span that the caller sized with the matching <c>Size</c> methods.
/// Proto3 defaults (0, false, empty) are left out, as every etcd client expects.
/// </summary>
public ref struct ProtoWriter(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    /// <summary>Bytes written so far.</summary>
    public int Written { get; private set; }

    /// <summary>Writes a varint field unless it is 0.</summary>
    public void Varint(int field, ulong value)
    {
        if (value == 0)
            return;
        Raw((ulong)field << 3);
        Raw(value);
    }

    /// <summary>Writes an int64 field unless it is 0; negative values take ten bytes.</summary>
    public void Int64(int field, long value) => Varint(field, unchecked((ulong)value));

    /// <summary>Writes a bool field unless it is false.</summary>
    public void Bool(int field, bool value) => Varint(field, value ? 1UL : 0UL);

    /// <summary>Writes a bytes field unless it is empty.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
            Message(field, value);
    }

    /// <summary>Writes a length-delimited field even when it is empty: a set message field has presence.</summary>
    public void Message(int field, ReadOnlySpan<byte> encoded)
    {
        MessageHeader(field, encoded.Length);
        encoded.CopyTo(_target[Written..]);
        Written += encoded.Length;
    }

    /// <summary>Writes the tag and length of a message field; the caller writes exactly <paramref name="length"/> bytes next.</summary>
    public void MessageHeader(int field, int length)
    {
        Raw(((ulong)field << 3) | 2);
        Raw((ulong)length);
    }

    /// <summary>Copies bytes that are encoded fields already.</summary>
    public void Encoded(ReadOnlySpan<byte> fields)
    {
        fields.CopyTo(_target[Written..]);
        Written += fields.Length;
    }

    private void Raw(ulong value)
    {
        while (value >= 0x80)
        {
            _target[Written++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _target[Written++] = (byte)value;
    }

    /// <summary>Encoded size of a varint, 1 to 10 bytes.</summary>
    public static int VarintSize(ulong value) =>
        (64 + 6 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) / 7;


    /// <summary>Encoded size of an int64 field, 0 when the value is 0.</summary>
    public static int Int64Size(int field, long value) =>
        value == 0 ? 0 : VarintSize((ulong)field << 3) + VarintSize(unchecked((ulong)value));

    /// <summary>Encoded size of a bytes field, 0 when it is empty.</summary>
    public static int BytesSize(int field, int length) => length == 0 ? 0 : MessageSize(field, length);

    /// <summary>Encoded size of a length-delimited field, its tag and length included.</summary>
    public static int MessageSize(int field, int length) =>
        VarintSize((ulong)field << 3) + VarintSize((ulong)length) + length;
}
