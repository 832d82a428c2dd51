namespace Storage.Core.Keys;

/// <summary>A node of a <see cref="KeyIndex"/>: a <see cref="KeyBranch"/> or a <see cref="KeyLeaf"/>.</summary>
internal abstract class KeyNode
{
    // Its fields and, of a full leaf, all heads and where the suffixes end.
    private const int FetchedBytes = 512;

    /// <summary>Begins to fetch a node that is about to be searched. What a search reads first, its heads, is allocated right behind it.</summary>
    public void Fetch() => CacheLines.FetchFrom(this, FetchedBytes);
}

/// <summary>A node with what its parent says of it.</summary>
/// <param name="Separator">No key below the node is lower; not used for a parent's first child.</param>
/// <param name="Node">The node.</param>
/// <param name="Live">Keys below it that exist.</param>
/// <param name="Newest">No key below it has a newer revision (main).</param>
internal readonly record struct KeyChild(byte[] Separator, KeyNode Node, int Live, long Newest);
