namespace Consensus.Core.Wal;

/// <summary>How the log is laid out.</summary>
public sealed record WalOptions
{
    /// <summary>Size of a segment file; a larger group gets a larger file.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;
}
