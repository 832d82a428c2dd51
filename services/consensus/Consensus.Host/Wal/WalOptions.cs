using Consensus.Contracts;

namespace Consensus.Host.Wal;

/// <summary>Whose log it is and where it lies.</summary>
public sealed record WalOptions
{
    public required string Directory { get; init; }
    public required ClusterId Cluster { get; init; }
    public required MemberId Member { get; init; }

    /// <summary>Size of a segment file; a larger group gets a larger file.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;
}
