namespace Storage.Core.Tree;

/// <summary>What a snapshot begins from: one completed commit. Immutable.</summary>
internal sealed record TreeState(long Txn, long[] Roots);
