using System.Runtime.CompilerServices;
using Storage.Core.Keys;
using Storage.Core.Tree;

namespace Storage.Core.Mvcc;

/// <summary>Hands the rows of the Revisions table on to a loader.</summary>
internal readonly struct RevisionLoad(KeyIndexLoader loader) : IRowVisitor
{
    /// <exception cref="InvalidDataException">The row is no record of ours.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ReadOnlySpan<byte> key, ReadOnlySpan<byte> head)
    {
        if (!RevisionKey.TryRead(key, out var at, out var tombstone))
            throw new InvalidDataException("a key of the revisions table is no revision");
        if (!RecordHead.TryRead(head, out var record))
            throw new InvalidDataException($"revision {at} holds no key-value record");
        loader.Add(record.Key, at, tombstone, record.CreateRevision, record.Version, record.Lease);
    }
}
