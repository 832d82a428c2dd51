namespace Storage.Core.Bolt;

/// <summary>
/// Sizes and marks of bbolt's file format, version 2: the file of pages that real etcd keeps its state in. All integers little-endian.
/// <code>
/// page     u64 id | u16 flags | u16 count | u32 overflow (further pages of the run)
/// branch   count elements: u32 position | u32 key length | u64 child page; then the keys
/// leaf     count elements: u32 flags (1: a bucket) | u32 position | u32 key length | u32 value length; then key, value, key, value
/// bucket   a leaf's value: u64 root page (0: inline) | u64 sequence | inline: a page with its elements
/// </code>
/// A position counts from the beginning of its own element. Pages 0 and 1 are meta pages, see <see cref="BoltMeta"/>.
/// </summary>
/// <remarks>Source: go.etcd.io/bbolt, internal/common (page.go, meta.go, bucket.go), and files that etcd 3.4 and 3.5 wrote.</remarks>
internal static class BoltFormat
{
    /// <summary>Page size of the files written here; a file says its own.</summary>
    public const int PageBytes = 4096;

    public const int PageHeaderBytes = 16;

    /// <summary>Of branch and leaf elements alike.</summary>
    public const int ElementBytes = 16;

    public const int BucketHeaderBytes = 16;

    public const ushort BranchPage = 1, LeafPage = 2, MetaPage = 4, FreelistPage = 16;

    /// <summary>Flag of a leaf element whose value is a bucket.</summary>
    public const uint BucketElement = 1;

    /// <summary>A bucket whose only page is no longer than this is kept in the value of its element.</summary>
    public const int MaxInlineBytes = PageBytes / 4;

    /// <summary>Levels of a tree: with two children to a page, more than a file could have.</summary>
    public const int MaxDepth = 64;
}
