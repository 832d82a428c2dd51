namespace Storage.Core.Tree.Space;

/// <summary>Consecutive pages.</summary>
internal readonly record struct PageRun(long Page, int Pages);
