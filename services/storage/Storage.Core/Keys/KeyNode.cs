namespace Storage.Core.Keys;

/// <summary>A node of a <see cref="KeyIndex"/>: a <see cref="KeyBranch"/> or a <see cref="KeyLeaf"/>.</summary>
internal abstract class KeyNode;

/// <summary>A node with what its parent says of it.</summary>
/// <param name="Separator">No key below the node is lower; not used for a parent's first child.</param>
/// <param name="Node">The node.</param>
/// <param name="Live">Keys below it that exist.</param>
/// <param name="Newest">No key below it has a newer revision (main).</param>
internal readonly record struct KeyChild(byte[] Separator, KeyNode Node, int Live, long Newest);
