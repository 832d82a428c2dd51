using Storage.Core.Tree;

namespace Storage.Core.Mvcc;

/// <summary>Heads of rows of the Revisions table: a start believes them without a look at the record, so a check compares the two.</summary>
public sealed class RevisionHeads : IHeadCheck
{
    private RevisionHeads()
    {
    }

    public static RevisionHeads Check { get; } = new();

    /// <summary>Rows of other tables have none.</summary>
    public bool IsHeadOf(TableId table, ReadOnlySpan<byte> head, ReadOnlySpan<byte> value)
    {
        Span<byte> expected = stackalloc byte[CopyOnWriteTree.MaxHeadBytes];
        return table == TableId.Revisions && head.SequenceEqual(RevisionRow.Head(value, expected));
    }
}
