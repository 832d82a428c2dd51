namespace Storage.Core.Tree;

/// <summary>Knows what heads are made of. The tree only keeps them.</summary>
public interface IHeadCheck
{
    /// <summary>Whether a value of a table would be put with this head today.</summary>
    /// <param name="table">Where the row is.</param>
    /// <param name="head">Not empty.</param>
    /// <param name="value">The value that lies elsewhere, whatever bytes it has.</param>
    bool IsHeadOf(TableId table, ReadOnlySpan<byte> head, ReadOnlySpan<byte> value);
}
