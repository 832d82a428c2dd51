using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>What a request may add to a data file, in bytes, by etcd's rule: key, value and 256 for each put, 64 for a lease. 0: it needs no space.</summary>
public static class SpaceCost
{
    /// <summary>Of a lease.</summary>
    public const int LeaseGrant = 64;

    private const int PutOverhead = 256;

    // As deep as a transaction that passed its check can be.
    private const int MaxDepth = 64;

    /// <summary>Of an encoded PutRequest.</summary>
    public static int OfPut(ReadOnlySpan<byte> request)
    {
        var bytes = PutOverhead;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field is 1 or 2)
                bytes += reader.Bytes.Length;
        }
        return bytes;
    }

    /// <summary>Of an encoded TxnRequest: the dearer of its branches, transactions inside it included (which etcd counts as nothing).</summary>
    public static int OfTxn(ReadOnlySpan<byte> request) => OfTxn(request, MaxDepth);

    /// <summary>Of a v2 write of a node.</summary>
    public static int OfNode(int pathBytes, int valueBytes) => PutOverhead + pathBytes + valueBytes;

    private static int OfTxn(ReadOnlySpan<byte> request, int depth)
    {
        int success = 0, failure = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 2)
                success += OfOperation(reader.Bytes, depth);
            else if (reader.Field == 3)
                failure += OfOperation(reader.Bytes, depth);
        }
        return Math.Max(success, failure);
    }

    private static int OfOperation(ReadOnlySpan<byte> operation, int depth) =>
        !TxnOperation.TryRead(operation, out var kind, out var body) ? 0
        : kind == TxnOperationKind.Put ? OfPut(body)
        : kind == TxnOperationKind.Txn && depth > 0 ? OfTxn(body, depth - 1)
        : 0;
}
