namespace Storage.Core.Tree;

/// <summary>Where a descent gets its pages from: the running transaction, or the device as of a commit.</summary>
internal interface IPageSource
{
    ReadOnlySpan<byte> Node(long page, TableId table);

    ReadOnlySpan<byte> Overflow(long page, int valueBytes, TableId table);
}
