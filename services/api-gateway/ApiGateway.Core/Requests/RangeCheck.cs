using ApiGateway.Core.Errors;
using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>What a RangeRequest must satisfy, and how it wants to be read.</summary>
public static class RangeCheck
{
    private const ulong LastSortTarget = 4;

    /// <summary>Checks the encoded request in place.</summary>
    /// <param name="request">Encoded RangeRequest.</param>
    /// <param name="serializable">The client takes a possibly stale local read.</param>
    /// <param name="isSingleKey">No range_end: at most one key is read.</param>
    public static EtcdError Check(ReadOnlySpan<byte> request, out bool serializable, out bool isSingleKey)
    {
        serializable = false;
        isSingleKey = true;
        var hasKey = false;
        var sortTarget = 0UL;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: hasKey = !reader.Bytes.IsEmpty; break;
                case 2: isSingleKey = reader.Bytes.IsEmpty; break;
                case 6: sortTarget = reader.Varint; break;
                case 7: serializable = reader.Varint != 0; break;
            }
        }
        if (reader.Malformed)
            return EtcdError.Undecodable;
        if (!hasKey)
            return EtcdError.EmptyKey;
        return sortTarget > LastSortTarget ? EtcdError.InvalidSortOption : EtcdError.None;
    }
}
