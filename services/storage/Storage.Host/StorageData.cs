using Storage.Core.Tree;

namespace Storage.Host;

/// <summary>An opened data file: the tree, the device that its commits are written to, and what to dispose at the end.</summary>
public sealed record StorageData(ITree Tree, IPageDevice Device, IDisposable? Owned);
