using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>What one RequestOp asks for; numbers are the field numbers of its oneof.</summary>
internal enum TxnOperationKind
{
    None = 0,
    Range = 1,
    Put = 2,
    DeleteRange = 3,
    Txn = 4,
}

/// <summary>Takes a RequestOp apart.</summary>
internal static class TxnOperation
{
    /// <summary>False when the bytes are no message. The last member set wins, as protobuf says of a oneof.</summary>
    public static bool TryRead(ReadOnlySpan<byte> operation, out TxnOperationKind kind, out ReadOnlySpan<byte> body)
    {
        kind = TxnOperationKind.None;
        body = default;
        var reader = new ProtoReader(operation);
        while (reader.Next())
        {
            if (reader.Field is < 1 or > 4 || reader.WireType != 2)
                continue;
            kind = (TxnOperationKind)reader.Field;
            body = reader.Bytes;
        }
        return !reader.Malformed;
    }
}
