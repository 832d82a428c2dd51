namespace Storage.Core.Tree.Pages;

/// <summary>A page, or an overflow run, that lives in memory because it is not on disk yet.</summary>
internal sealed class PageBuffer(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;

    /// <summary>Number of the first page.</summary>
    public long Page { get; set; }

    public int Pages => Bytes.Length / PageFormat.PageBytes;

    /// <summary>Part of a commit: must not change any more.</summary>
    public bool IsSealed { get; set; }

    /// <summary>Freed in the transaction that made it: never gets to disk.</summary>
    public bool IsDropped { get; set; }
}
