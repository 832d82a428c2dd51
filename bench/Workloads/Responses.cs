using EtcdApi.Wire;

namespace Bench.Workloads;

/// <summary>Looks into answers without decoding them whole.</summary>
internal static class Responses
{
    private const int Header = 1;
    private const int HeaderRevision = 3;

    /// <summary>Revision in the header that every answer carries as field 1; 0 when there is none.</summary>
    public static long Revision(ReadOnlySpan<byte> response)
    {
        var header = new ProtoReader(Bytes(response, Header));
        while (header.Next())
        {
            if (header.Field == HeaderRevision)
                return (long)header.Varint;
        }
        return 0;
    }

    /// <summary>A number field of the message; 0 when absent.</summary>
    public static long Number(ReadOnlySpan<byte> message, int field)
    {
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Field == field)
                return (long)reader.Varint;
        }
        return 0;
    }

    /// <summary>A length-delimited field of the message; empty when absent.</summary>
    public static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> message, int field)
    {
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Field == field)
                return reader.Bytes;
        }
        return default;
    }
}
