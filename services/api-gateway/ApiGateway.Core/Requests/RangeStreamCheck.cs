using ApiGateway.Core.Errors;
using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>What a RangeStream must satisfy beside what a Range must: that its answer can be had in the order of the keys, piece by piece.</summary>
public static class RangeStreamCheck
{
    private const ulong Ascending = 1;

    /// <summary>Checks the encoded RangeRequest.</summary>
    public static EtcdError Check(ReadOnlySpan<byte> request)
    {
        var error = RangeCheck.Check(request, out _, out _);
        if (error != EtcdError.None)
            return error;
        ulong order = 0, target = 0;
        var isFiltered = false;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 5: order = reader.Varint; break;
                case 6: target = reader.Varint; break;
                case >= 10 and <= 13: isFiltered |= reader.Varint != 0; break;
            }
        }
        if (order != 0 && (order != Ascending || target != 0))
            return EtcdError.StreamedSort;
        return isFiltered ? EtcdError.StreamedFilter : EtcdError.None;
    }
}
