namespace Storage.Core.Tree;

/// <summary>What a check of a whole file saw.</summary>
/// <param name="Txn">Number of the last commit.</param>
/// <param name="Pages">Pages in use or known as unused, meta pages included. 4,096 bytes each; the file may be longer.</param>
/// <param name="UnusedPages">Those of them that hold nothing.</param>
/// <param name="FreeMapPages">Those that say which ones.</param>
/// <param name="Tables">Tables that are not empty, by number. Counts only what could be reached.</param>
/// <param name="Findings">In the order of discovery, up to <see cref="MaxFindings"/>; none when the file is sound.</param>
public sealed record TreeReport(
    long Txn, long Pages, long UnusedPages, long FreeMapPages, IReadOnlyList<TableCount> Tables, IReadOnlyList<CheckFinding> Findings)
{
    /// <summary>No more findings than this are kept: each page can have one.</summary>
    public const int MaxFindings = 10_000;
}

/// <summary>What one table consists of.</summary>
/// <param name="Table">Its number.</param>
/// <param name="Rows">Keys.</param>
/// <param name="Branches">Pages above the leaves.</param>
/// <param name="Leaves">Pages with rows.</param>
/// <param name="OverflowPages">Pages of values that do not fit into a leaf.</param>
public readonly record struct TableCount(TableId Table, long Rows, long Branches, long Leaves, long OverflowPages)
{
    /// <summary>All its pages.</summary>
    public long Pages => Branches + Leaves + OverflowPages;
}
