using EtcdApi.Wire;
using Storage.Core.Tree;

namespace Storage.Core.Mvcc;

/// <summary>Writes rows of the Revisions table. A long record gets a head, the same record without its value: all that a start reads of it.</summary>
internal static class RevisionRow
{
    // Shorter records lie in the leaf themselves.
    private const int MinHeadedBytes = 1024;

    /// <summary>Puts a record, whatever bytes it has: those that are no record of ours, or have a key too long for a head, go without.</summary>
    public static void Put(ITree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
    {
        if (record.Length < MinHeadedBytes)
            tree.Put(TableId.Revisions, key, record);
        else
            PutHeaded(tree, key, record);
    }

    private static void PutHeaded(ITree tree, ReadOnlySpan<byte> key, ReadOnlySpan<byte> record)
    {
        Span<byte> head = stackalloc byte[CopyOnWriteTree.MaxHeadBytes];
        tree.Put(TableId.Revisions, key, record, Head(record, head));
    }

    /// <summary>The head of a record, written to <paramref name="target"/>; empty for bytes that go without.</summary>
    public static ReadOnlySpan<byte> Head(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        if (!KeyValueRecord.TryRead(bytes, out var record))
            return default;
        var size = KeyValueRecord.Size(record.Key.Length, 0, record.CreateRevision, record.ModRevision, record.Version, record.Lease);
        if (size > target.Length)
            return default;
        var writer = new ProtoWriter(target[..size]);
        KeyValueRecord.Write(ref writer, record.Key, default, record.CreateRevision, record.ModRevision, record.Version, record.Lease);
        return target[..size];
    }
}
