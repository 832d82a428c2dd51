using EtcdApi.Wire;

namespace ApiGateway.Core.Requests;

/// <summary>
/// Whether one branch of a transaction writes a key twice, nested transactions included. Runs only on requests that
/// passed every other check.
/// </summary>
/// <remarks>
/// The rule, as real etcd keeps it: a key may be put once, and not be put where a delete range of the same branch covers
/// it, whatever the order. The two branches of a nested transaction exclude each other, so the same key may be put in both.
/// A delete range that ends at "\0" (from the key on) covers, for this check only, nothing: etcd 3.5 accepts
/// "delete from a on, put b", and so must we.
/// </remarks>
internal static class DuplicateKeyCheck
{
    private const int SuccessField = 2;
    private const int FailureField = 3;

    /// <summary>True when the branch in <paramref name="branchField"/> of an encoded TxnRequest writes no key twice.</summary>
    public static bool Passes(ReadOnlyMemory<byte> txn, int branchField) => TryCollect(txn, branchField, out _);

    private static bool TryCollect(ReadOnlyMemory<byte> txn, int branchField, out Writes writes)
    {
        writes = new Writes();
        // Deletes of this level first: they count against the puts of nested transactions too.
        foreach (var (kind, body) in Operations(txn, branchField))
        {
            if (kind == TxnOperationKind.DeleteRange)
                writes.Deletes.Add(Interval.Of(body));
        }
        foreach (var (kind, body) in Operations(txn, branchField))
        {
            if (kind == TxnOperationKind.Txn && !TryMergeNested(body, writes))
                return false;
        }
        foreach (var (kind, body) in Operations(txn, branchField))
        {
            if (kind == TxnOperationKind.Put && !writes.TryPut(Key(body)))
                return false;
        }
        return true;
    }

    private static bool TryMergeNested(ReadOnlyMemory<byte> txn, Writes writes)
    {
        if (!TryCollect(txn, SuccessField, out var success) || !TryCollect(txn, FailureField, out var failure))
            return false;
        foreach (var key in success.Puts)
        {
            if (!writes.TryPut(key))
                return false;
        }
        foreach (var key in failure.Puts)
        {
            if (!success.Puts.Contains(key) && !writes.TryPut(key))
                return false;
        }
        writes.Deletes.AddRange(success.Deletes);
        writes.Deletes.AddRange(failure.Deletes);
        return true;
    }

    private static List<(TxnOperationKind Kind, ReadOnlyMemory<byte> Body)> Operations(ReadOnlyMemory<byte> txn, int branchField)
    {
        var operations = new List<(TxnOperationKind, ReadOnlyMemory<byte>)>();
        var reader = new ProtoReader(txn.Span);
        while (reader.Next())
        {
            if (reader.Field != branchField)
                continue;
            Invariant.Holds(TxnOperation.TryRead(reader.Bytes, out var kind, out var body));
            operations.Add((kind, Slice(txn, body)));
        }
        return operations;
    }

    private static ReadOnlyMemory<byte> Key(ReadOnlyMemory<byte> put)
    {
        PutCheck.Check(put.Span, out var key);
        return Slice(put, key);
    }

    /// <summary>The part of <paramref name="whole"/> that <paramref name="part"/> points into.</summary>
    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> whole, ReadOnlySpan<byte> part) =>
        whole.Span.Overlaps(part, out var offset) ? whole.Slice(offset, part.Length) : default;

    private sealed class Writes
    {
        public HashSet<ReadOnlyMemory<byte>> Puts { get; } = new(ByteContent.Instance);

        public List<Interval> Deletes { get; } = [];

        public bool TryPut(ReadOnlyMemory<byte> key)
        {
            foreach (var delete in Deletes)
            {
                if (delete.Covers(key.Span))
                    return false;
            }
            return Puts.Add(key);
        }
    }

    private readonly record struct Interval(ReadOnlyMemory<byte> First, ReadOnlyMemory<byte> End)
    {
        public static Interval Of(ReadOnlyMemory<byte> deleteRange)
        {
            DeleteRangeCheck.Check(deleteRange.Span, out var key, out var rangeEnd);
            return new Interval(Slice(deleteRange, key), Slice(deleteRange, rangeEnd));
        }

        public bool Covers(ReadOnlySpan<byte> key) => End.IsEmpty
            ? key.SequenceEqual(First.Span)
            : key.SequenceCompareTo(First.Span) >= 0 && key.SequenceCompareTo(End.Span) < 0;
    }

    private sealed class ByteContent : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        public static readonly ByteContent Instance = new();

        public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<byte> bytes)
        {
            var hash = new HashCode();
            hash.AddBytes(bytes.Span);
            return hash.ToHashCode();
        }
    }
}
