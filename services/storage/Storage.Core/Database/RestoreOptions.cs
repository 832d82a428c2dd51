using Consensus.Contracts;

namespace Storage.Core.Database;

/// <summary>What a restored state is given, besides what the database holds.</summary>
public sealed record RestoreOptions
{
    /// <summary>The members of the new cluster.</summary>
    public required ClusterConfiguration Configuration { get; init; }

    /// <summary>Added to the newest revision, so that what clients remember of the cluster before is older than anything here.</summary>
    public long BumpRevision { get; init; }

    /// <summary>Everything up to the newest revision counts as compacted: watchers of the past are told to begin anew.</summary>
    public bool MarkCompacted { get; init; }
}
