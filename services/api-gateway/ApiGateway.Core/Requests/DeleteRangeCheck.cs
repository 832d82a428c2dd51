using ApiGateway.Core.Errors;
using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>What a DeleteRangeRequest must satisfy before it is proposed.</summary>
public static class DeleteRangeCheck
{
    /// <summary>Checks the encoded request in place; None when it may be proposed.</summary>
    public static EtcdError Check(ReadOnlySpan<byte> request) => Check(request, out _, out _);

    /// <summary>As <see cref="Check(ReadOnlySpan{byte})"/>; also hands out the range.</summary>
    internal static EtcdError Check(ReadOnlySpan<byte> request, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> rangeEnd)
    {
        key = default;
        rangeEnd = default;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Bytes; break;
                case 2: rangeEnd = reader.Bytes; break;
            }
        }
        if (reader.Malformed)
            return EtcdError.Undecodable;
        return key.IsEmpty ? EtcdError.EmptyKey : EtcdError.None;
    }
}
