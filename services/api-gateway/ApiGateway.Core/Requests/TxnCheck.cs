using ApiGateway.Core.Errors;
using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>
/// What a TxnRequest must satisfy before it is proposed, found by walking the encoded message: nothing is decoded into
/// objects, since most transactions are one compare and one or two operations.
/// </summary>
/// <remarks>Checks come in etcd's order: sizes and single operations of the whole tree, then duplicate keys.</remarks>
public static class TxnCheck
{
    private const int CompareField = 1;
    private const int SuccessField = 2;
    private const int FailureField = 3;

    // protobuf libraries stop at 100 levels; a request that deep would overflow nothing but is no honest one either.
    private const int MaxDepth = 64;

    /// <summary>Checks the encoded request.</summary>
    /// <param name="request">Encoded TxnRequest.</param>
    /// <param name="maxOperations">Largest number of compares, of success and of failure operations (etcd: 128).</param>
    /// <param name="shape">How the transaction may be carried out.</param>
    public static EtcdError Check(ReadOnlyMemory<byte> request, int maxOperations, out TxnShape shape)
    {
        shape = new TxnShape(IsReadOnly: true, IsSerializable: true);
        var counts = default(Counts);
        var error = CheckTree(request.Span, maxOperations, MaxDepth, ref shape, ref counts);
        // Two keys can only collide when there are two writes.
        if (error != EtcdError.None || counts.Writes < 2)
            return error;
        if (!DuplicateKeyCheck.Passes(request, SuccessField) || !DuplicateKeyCheck.Passes(request, FailureField))
            return EtcdError.DuplicateKey;
        return EtcdError.None;
    }

    private static EtcdError CheckTree(ReadOnlySpan<byte> txn, int budget, int depth, ref TxnShape shape, ref Counts counts)
    {
        if (depth == 0)
            return EtcdError.TooManyOperations;
        int compares = 0, successes = 0, failures = 0;
        var reader = new ProtoReader(txn);
        while (reader.Next())
        {
            if (reader.Field == CompareField) compares++;
            else if (reader.Field == SuccessField) successes++;
            else if (reader.Field == FailureField) failures++;
        }
        if (reader.Malformed)
            return EtcdError.Undecodable;
        var longest = Math.Max(compares, Math.Max(successes, failures));
        if (longest > budget)
            return EtcdError.TooManyOperations;

        foreach (var field in (ReadOnlySpan<int>)[CompareField, SuccessField, FailureField])
        {
            reader = new ProtoReader(txn);
            while (reader.Next())
            {
                if (reader.Field != field)
                    continue;
                var error = field == CompareField
                    ? CheckCompare(reader.Bytes)
                    : CheckOperation(reader.Bytes, budget - longest, depth, ref shape, ref counts);
                if (error != EtcdError.None)
                    return error;
            }
        }
        return EtcdError.None;
    }

    private static EtcdError CheckCompare(ReadOnlySpan<byte> compare)
    {
        var hasKey = false;
        var reader = new ProtoReader(compare);
        while (reader.Next())
        {
            if (reader.Field == 3)
                hasKey = !reader.Bytes.IsEmpty;
        }
        if (reader.Malformed)
            return EtcdError.Undecodable;
        return hasKey ? EtcdError.None : EtcdError.EmptyKey;
    }

    private static EtcdError CheckOperation(
        ReadOnlySpan<byte> operation, int budget, int depth, ref TxnShape shape, ref Counts counts)
    {
        if (!TxnOperation.TryRead(operation, out var kind, out var body))
            return EtcdError.Undecodable;
        switch (kind)
        {
            case TxnOperationKind.Range:
                var error = RangeCheck.Check(body, out var serializable, out _);
                shape = shape with { IsSerializable = shape.IsSerializable && serializable };
                return error;
            case TxnOperationKind.Put:
                counts.Writes++;
                shape = default;
                return PutCheck.Check(body);
            case TxnOperationKind.DeleteRange:
                counts.Writes++;
                shape = default;
                return DeleteRangeCheck.Check(body);
            case TxnOperationKind.Txn:
                return CheckTree(body, budget, depth - 1, ref shape, ref counts);
            default:
                return EtcdError.KeyNotFound;
        }
    }

    private struct Counts
    {
        public int Writes;
    }
}

/// <summary>How a transaction may be carried out.</summary>
/// <param name="IsReadOnly">Nothing but ranges at any depth: it needs no log entry.</param>
/// <param name="IsSerializable">Read-only, and every range takes a stale read.</param>
public readonly record struct TxnShape(bool IsReadOnly, bool IsSerializable);
