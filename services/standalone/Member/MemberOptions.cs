using System.Net;
using Microsoft.Extensions.Logging;

namespace Standalone.Member;

/// <summary>How this member runs: the flags, checked and in the types of the services.</summary>
internal sealed record MemberOptions
{
    public required string Name { get; init; }

    /// <summary>Holds everything that the member stores, each service in a folder of its own.</summary>
    public required string DataDir { get; init; }

    /// <summary>Where clients connect; every address serves v3 gRPC and v2 alike.</summary>
    public required IReadOnlyList<IPEndPoint> ClientEndpoints { get; init; }

    /// <summary>What members list shows, and clients connect to after they asked for it.</summary>
    public required IReadOnlyList<string> AdvertiseClientUrls { get; init; }

    public required IReadOnlyList<string> AdvertisePeerUrls { get; init; }

    /// <summary>Goes into the cluster and member ids.</summary>
    public required string ClusterToken { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required TimeSpan HeartbeatInterval { get; init; }

    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>Shortest lease granted, in seconds: asking for less gives this.</summary>
    public required long MinLeaseTtlSeconds { get; init; }

    /// <summary>Largest request in bytes.</summary>
    public required int MaxRequestBytes { get; init; }

    /// <summary>Most operations in each list of a transaction.</summary>
    public required int MaxTxnOps { get; init; }

    public string ConsensusDir => Path.Combine(DataDir, "consensus");

    public string StorageDir => Path.Combine(DataDir, "storage");
}
