namespace Storage.Contracts;

/// <summary>
/// What clients did to the v2 tree through one replica since its process started: writes as it applied them, its part of the log's replay included, and the reads that it answered.
/// Requests that were refused before they reached the tree are not among them.
/// </summary>
public sealed record V2Counts
{
    public long GetsSuccess { get; init; }
    public long GetsFail { get; init; }
    public long SetsSuccess { get; init; }
    public long SetsFail { get; init; }
    public long DeleteSuccess { get; init; }
    public long DeleteFail { get; init; }
    public long UpdateSuccess { get; init; }
    public long UpdateFail { get; init; }
    public long CreateSuccess { get; init; }
    public long CreateFail { get; init; }
    public long CompareAndSwapSuccess { get; init; }
    public long CompareAndSwapFail { get; init; }
    public long CompareAndDeleteSuccess { get; init; }
    public long CompareAndDeleteFail { get; init; }

    /// <summary>Nodes that expired.</summary>
    public long ExpireCount { get; init; }
}
