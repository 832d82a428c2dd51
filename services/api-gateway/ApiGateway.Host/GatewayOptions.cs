
namespace ApiGateway.Host;

/// <summary>What a gateway can be told. Defaults are etcd's.</summary>
public sealed class GatewayOptions
{
    /// <summary>URLs to listen on when this is a process of its own; the standalone host opens its ports itself.</summary>
    public IReadOnlyList<string> ListenClientUrls { get; set; } = ["http://127.0.0.1:2379"];

    /// <summary>URLs shown for this member in member lists; empty: those that consensus knows.</summary>
    public IReadOnlyList<string> AdvertiseClientUrls { get; set; } = [];

    /// <summary>Name of the consensus member that clients take this gateway for, by the ids in its answers; empty: the one that it hears first.</summary>
    public string Member { get; set; } = "";

    /// <summary>Origins whose pages a browser may let call, such as "http://good.com:80"; "*": all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; set; } = ["*"];

    /// <summary>Host names under which HTTP requests may come without TLS; "*": all.</summary>
    public IReadOnlyList<string> HostWhitelist { get; set; } = ["*"];

    /// <summary>How long a request waits for a quorum: 5 s + 2 election timeouts.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(7);

    /// <summary>Streams opened with <c>hasleader</c> are ended when there was no leader for three of these.</summary>
    public TimeSpan ElectionTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Largest request that is proposed, in bytes. A gRPC message may have 512 KiB more before the transport refuses it.</summary>
    public int MaxRequestBytes { get; set; } = 1_572_864;

    /// <summary>Largest number of compares, success and failure operations of a transaction.</summary>
    public int MaxTxnOperations { get; set; } = 128;

    /// <summary>Smallest lease TTL: 1.5 election timeouts, rounded up.</summary>
    public long MinLeaseTtlSeconds { get; set; } = 2;

    /// <summary>Proposals without an outcome at one time, a power of two; beyond: "too many requests".</summary>
    public int MaxPendingProposals { get; set; } = 16_384;

    /// <summary>Bytes of all proposals without an outcome; beyond: "too many requests".</summary>
    public long MaxPendingBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Entries that may be committed and not yet applied by this gateway's replica; beyond: "too many requests".</summary>
    public ulong MaxUnapplied { get; set; } = 5000;

    /// <summary>Watches of one stream; beyond, one is refused.</summary>
    public long MaxWatchesPerStream { get; set; } = 1_000_000;

    /// <summary>Watches of all streams of one connection.</summary>
    public long MaxWatchesPerConnection { get; set; } = 2_000_000;

    /// <summary>Watches of all v3 clients of this gateway: some 3 GiB of memory.</summary>
    public long MaxWatches { get; set; } = 10_000_000;

    /// <summary>Leases that there may be in the cluster for another to be granted; beyond: "too many leases".</summary>
    public long MaxLeases { get; set; } = 10_000_000;

    /// <summary>Bytes of answers, of those above 64 KiB, that may wait for clients to take them; beyond: "too many requests".</summary>
    public long MaxAnswerBytes { get; set; } = 2L * 1024 * 1024 * 1024;

    /// <summary>The same for one connection.</summary>
    public long MaxAnswerBytesPerConnection { get; set; } = 512L * 1024 * 1024;

    /// <summary>Whoever took longer over such an answer is cut off when others need the room.</summary>
    public TimeSpan AnswerStallLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the view of the cluster (leader, members, ids) is renewed.</summary>
    public TimeSpan ClusterRefreshPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The same while there is no leader, or while this member is a learner: both end soon, and requests wait for it.</summary>
    public TimeSpan UnsettledRefreshPeriod { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How often storage is asked how much room there is; a request that finds none asks as well.</summary>
    public TimeSpan SpaceRefreshPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>As in <c>--auth-token</c>: "simple", or "jwt," and options.</summary>
    public string AuthToken { get; set; } = "simple";

    /// <summary>How long a simple token lives after its last use.</summary>
    public TimeSpan AuthTokenTimeToLive { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>Rounds of hashing a password, as a power of two: 4 to 31.</summary>
    public int BcryptCost { get; set; } = 10;

    /// <summary>How often storage is asked whether users have to log in, for what would otherwise ask it each time.</summary>
    public TimeSpan AuthRefreshPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the resume positions of idle watches are moved up.</summary>
    public TimeSpan WatchBookmarkPeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Snapshots that are being sent at one time; beyond: "too many requests".</summary>
    public int MaxSnapshots { get; set; } = 16;

    /// <summary>A client that takes nothing of its snapshot for so long is cut off: what it reads holds back the reuse of pages.</summary>
    public TimeSpan SnapshotStallLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A request that takes longer is told of in the log, with where its time went.</summary>
    public TimeSpan WarningRequestDuration { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// How long a gateway that is told to stop goes on as before, but for its readiness: what sends clients to it, such as a proxy, hears by then that it should send none. Zero: it
    /// stops at once.
    /// </summary>
    public TimeSpan StopDelay { get; set; }

    /// <summary>Calls are timed, method by method.</summary>
    public bool ExtensiveMetrics { get; set; }

    /// <summary>v2 keys are to be v3 keys at this prefix and their path; null: the two key spaces know nothing of each other, unless the store was told before.</summary>
    public string? V2MappingPrefix { get; set; }

    /// <summary>Serve the JSON gateway below <c>/v3/</c>.</summary>
    public bool ServesJson { get; set; } = true;

    /// <summary>The etcd release whose behaviour this is; clients decide by it what they may ask for.</summary>
    public string ServerVersion { get; set; } = "3.5.30";

    /// <summary>Cluster version shown next to it.</summary>
    public string ClusterVersion { get; set; } = "3.5.0";

    /// <summary>Largest gRPC message taken, in bytes.</summary>
    internal int MaxMessageBytes => MaxRequestBytes + (512 * 1024);
}
