using System.Net;
using ApiGateway.Host.ClientPort;
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

    /// <summary>Where the other members connect.</summary>
    public required IReadOnlyList<IPEndPoint> PeerEndpoints { get; init; }

    /// <summary>All members at the first start, "name=url,..."; empty: this one alone.</summary>
    public required string InitialCluster { get; init; }

    /// <summary>The initial cluster runs already, and this member was added to it.</summary>
    public required bool JoinsExisting { get; init; }

    /// <summary>Drop all other members and go on alone.</summary>
    public required bool ForceNewCluster { get; init; }

    public required bool PreVote { get; init; }

    public required bool StrictReconfigurationCheck { get; init; }

    /// <summary>Entries that the log keeps after storage holds them, so that a member that was away needs no snapshot.</summary>
    public required ulong SnapshotCount { get; init; }

    /// <summary>Goes into the cluster and member ids.</summary>
    public required string ClusterToken { get; init; }

    public required LogLevel LogLevel { get; init; }

    public required TimeSpan HeartbeatInterval { get; init; }

    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>Shortest lease granted, in seconds: asking for less gives this.</summary>
    public required long MinLeaseTtlSeconds { get; init; }

    /// <summary>What is left of long leases is noted from time to time.</summary>
    public required bool LeaseCheckpoints { get; init; }

    /// <summary>Largest request in bytes.</summary>
    public required int MaxRequestBytes { get; init; }

    /// <summary>Most operations in each list of a transaction.</summary>
    public required int MaxTxnOps { get; init; }

    /// <summary>"periodic" or "revision".</summary>
    public required string AutoCompactionMode { get; init; }

    /// <summary>How long or how many revisions are kept, as in the flag; known to be valid.</summary>
    public required string AutoCompactionRetention { get; init; }

    /// <summary>Bytes that storage may use, as in the flag.</summary>
    public required string QuotaBackendBytes { get; init; }

    /// <summary>Compare with the other members before serving.</summary>
    public required bool InitialCorruptCheck { get; init; }

    /// <summary>Time between two comparisons with the other members, as in the flag.</summary>
    public required string CorruptCheckTime { get; init; }

    /// <summary>Idle time after which a watch that asked for it hears how far it is, as in the flag.</summary>
    public required string WatchProgressInterval { get; init; }

    /// <summary>Serve the JSON gateway on the client ports.</summary>
    public required bool ServesJson { get; init; }

    /// <summary>How often gRPC clients may ping, and are pinged.</summary>
    public required ClientKeepAlive KeepAlive { get; init; }

    public string ConsensusDir => ConsensusDirOf(DataDir);

    public string StorageDir => StorageDirOf(DataDir);

    /// <summary>Where in a member's folder the log lies.</summary>
    public static string ConsensusDirOf(string dataDir) => Path.Combine(dataDir, "consensus");

    /// <summary>Where in a member's folder the state lies.</summary>
    public static string StorageDirOf(string dataDir) => Path.Combine(dataDir, "storage");
}
