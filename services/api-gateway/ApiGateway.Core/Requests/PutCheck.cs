using ApiGateway.Core.Errors;
using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>What a PutRequest must satisfy before it is proposed.</summary>
public static class PutCheck
{
    /// <summary>Checks the encoded request in place; None when it may be proposed.</summary>
    public static EtcdError Check(ReadOnlySpan<byte> request) => Check(request, out _);

    /// <summary>As <see cref="Check(ReadOnlySpan{byte})"/>; also hands out the key.</summary>
    internal static EtcdError Check(ReadOnlySpan<byte> request, out ReadOnlySpan<byte> key)
    {
        key = default;
        var hasValue = false;
        var lease = 0UL;
        var ignoreValue = false;
        var ignoreLease = false;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Bytes; break;
                case 2: hasValue = !reader.Bytes.IsEmpty; break;
                case 3: lease = reader.Varint; break;
                case 5: ignoreValue = reader.Varint != 0; break;
                case 6: ignoreLease = reader.Varint != 0; break;
            }
        }
        if (reader.Malformed)
            return EtcdError.Undecodable;
        if (key.IsEmpty)
            return EtcdError.EmptyKey;
        if (ignoreValue && hasValue)
            return EtcdError.ValueProvided;
        return ignoreLease && lease != 0 ? EtcdError.LeaseProvided : EtcdError.None;
    }
}
