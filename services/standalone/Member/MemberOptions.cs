using ApiGateway.Host.ClientPort;
using Hosting.Tls;
using Microsoft.Extensions.Logging;
using Standalone.Discovery;
using Standalone.Flags;

namespace Standalone.Member;

/// <summary>How this member runs: the flags, checked and in the types of the services.</summary>
internal sealed record MemberOptions
{
    public required string Name { get; init; }

    /// <summary>Holds everything that the member stores, each service in a folder of its own.</summary>
    public required string DataDir { get; init; }

    /// <summary>Where clients connect; every address serves v3 gRPC and v2 alike.</summary>
    public required IReadOnlyList<ListenPoint> ClientEndpoints { get; init; }

    /// <summary>Where metrics and health are served besides, and nothing else.</summary>
    public required IReadOnlyList<ListenPoint> MetricsEndpoints { get; init; }

    /// <summary>gRPC calls are timed, method by method.</summary>
    public required bool ExtensiveMetrics { get; init; }

    /// <summary>What members list shows, and clients connect to after they asked for it.</summary>
    public required IReadOnlyList<string> AdvertiseClientUrls { get; init; }

    public required IReadOnlyList<string> AdvertisePeerUrls { get; init; }

    /// <summary>Where the other members connect.</summary>
    public required IReadOnlyList<ListenPoint> PeerEndpoints { get; init; }

    /// <summary>All members at the first start, "name=url,..."; empty: this one alone.</summary>
    public required string InitialCluster { get; init; }

    /// <summary>How the initial cluster is found at the first start; null: it is given.</summary>
    public DiscoveryOptions? Discovery { get; init; }

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

    /// <summary>Most leases that there may be.</summary>
    public required long MaxLeases { get; init; }

    /// <summary>Most watches: of a stream, of a connection, of all clients of this member.</summary>
    public required (long OfStream, long OfConnection, long OfMember) MaxWatches { get; init; }

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

    /// <summary>A command that takes longer to apply is told of in the log, as in the flag.</summary>
    public required string WarningApplyDuration { get; init; }

    /// <summary>A request that takes longer is told of in the log, with where its time went.</summary>
    public required TimeSpan WarningRequestDuration { get; init; }

    /// <summary>Idle time after which a watch that asked for it hears how far it is, as in the flag.</summary>
    public required string WatchProgressInterval { get; init; }

    /// <summary>Serve the JSON gateway on the client ports.</summary>
    public required bool ServesJson { get; init; }

    /// <summary>v2 keys are to be v3 keys at this prefix and their path; null: nothing is to change about it.</summary>
    public string? V2MappingPrefix { get; init; }

    /// <summary>How often gRPC clients may ping, and are pinged.</summary>
    public required ClientKeepAlive KeepAlive { get; init; }

    /// <summary>What the client ports with https are secured with; null: there are none.</summary>
    public TlsSettings? ClientTls { get; init; }

    /// <summary>What the peer ports with https, and the connections to such, are secured with; null: nothing is given.</summary>
    public TlsSettings? PeerTls { get; init; }

    /// <summary>How long certificates of the member's own making hold.</summary>
    public ulong SelfSignedCertYears { get; init; } = 1;

    /// <summary>What is worth a log line before start.</summary>
    public IReadOnlyList<StartWarning> Warnings { get; init; } = [];

    /// <summary>How users who have logged in are recognised, as in the flag; known to be valid.</summary>
    public required string AuthToken { get; init; }

    /// <summary>How long a simple token lives after its last use.</summary>
    public required TimeSpan AuthTokenTimeToLive { get; init; }

    /// <summary>Rounds of hashing a password, as a power of two.</summary>
    public required int BcryptCost { get; init; }

    /// <summary>Folder of the log; "": within <see cref="DataDir"/>.</summary>
    public string WalDir { get; init; } = "";

    /// <summary>Wait for the disk before a write counts.</summary>
    public bool SyncsLog { get; init; } = true;

    /// <summary>Other processes may listen at the same ports.</summary>
    public bool ReusesPorts { get; init; }

    /// <summary>Most HTTP/2 streams of a connection.</summary>
    public int MaxConcurrentStreams { get; init; } = MostStreams;

    /// <summary>Beyond anything that a client does; the server does arithmetic on it.</summary>
    public const int MostStreams = 1_000_000;

    /// <summary>Origins whose pages may call; "*": all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = ["*"];

    /// <summary>Names under which the server may be asked without TLS; "*": all.</summary>
    public IReadOnlyList<string> HostWhitelist { get; init; } = ["*"];

    /// <summary>As <see cref="Hosting.Logging.LogOutput.Open"/> takes them.</summary>
    public IReadOnlyList<string> LogOutputs { get; init; } = ["default"];

    /// <summary>When the log file is begun anew, as JSON; null: never.</summary>
    public string? LogRotation { get; init; }

    /// <summary>Standard OpenTelemetry settings that the flags amount to.</summary>
    public IReadOnlyDictionary<string, string> Telemetry { get; init; } = new Dictionary<string, string>();

    /// <summary>Settings of feeds that the flags amount to; empty: there are none.</summary>
    public IReadOnlyDictionary<string, string> Feed { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the flags come from, if it is a file.</summary>
    public string? ConfigFile { get; init; }

    public string ConsensusDir => WalDir.Length > 0 ? WalDir : ConsensusDirOf(DataDir);

    public string StorageDir => StorageDirOf(DataDir);

    /// <summary>Where in a member's folder the log lies.</summary>
    public static string ConsensusDirOf(string dataDir) => Path.Combine(dataDir, "consensus");

    /// <summary>Where in a member's folder the state lies.</summary>
    public static string StorageDirOf(string dataDir) => Path.Combine(dataDir, "storage");
}
