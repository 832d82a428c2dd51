using System.Net;
using ApiGateway.Host.Auth;
using ApiGateway.Host.ClientPort;
using Hosting;
using Hosting.Listening;
using Hosting.Logging;
using LeaseManager.Host.Compaction;
using Standalone.Discovery;
using Standalone.Flags;

namespace Standalone.Member;

/// <summary>Turns flags into <see cref="MemberOptions"/>, refusing in etcd's words what etcd refuses.</summary>
internal static class MemberVerification
{
    private const uint MaxElectionMs = 50_000;

    // The port that every client tried first before 2379 was assigned; old v2 clients still do.
    private const string DefaultClientUrl = "http://127.0.0.1:2379", DefaultOldClientUrl = "http://127.0.0.1:4001";

    /// <exception cref="StartRefusedException">The flags contradict each other or the machine.</exception>
    public static MemberOptions Verify(FlagSet flags)
    {
        if (!EtcdLogLevels.TryParse(flags.Text("log-level"), out var logLevel))
            throw StartRefusedException.Usage($"unrecognized level: \"{flags.Text("log-level")}\"");
        var peerEndpoints = BindEndpoints(flags.Urls("listen-peer-urls"), isForPeers: true);
        var clientEndpoints = BindEndpoints(
            flags.IsSet("listen-client-urls") ? flags.Urls("listen-client-urls") : [DefaultClientUrl, DefaultOldClientUrl]);
        var metricsEndpoints = BindEndpoints(flags.Urls("listen-metrics-urls"));
        // A file need not say it.
        if (flags.File is null && flags.IsSet("listen-client-urls") && !flags.IsSet("advertise-client-urls"))
            throw Refuse("--advertise-client-urls is required when --listen-client-urls is set explicitly");
        clientEndpoints = [.. clientEndpoints, .. BindEndpoints(flags.Urls("listen-client-http-urls"))];
        var discovery = DiscoveryFlags.Read(flags);
        VerifyAdvertised(flags);
        VerifyBootstrap(flags);

        var (heartbeat, election) = Timing(flags);
        VerifyCheckpoints(flags);
        VerifyCompaction(flags);
        VerifyTokens(flags);
        var name = flags.Text("name");
        var dataDir = DataDirOf(flags);
        var peerUrls = flags.Urls("initial-advertise-peer-urls");
        if (discovery is null && !Directory.Exists(dataDir)) // After the first start the data says who the members are, not the flags.
            VerifyInitialCluster(flags, name, peerUrls);
        var warnings = new List<StartWarning>();
        var peerTls = TlsFlags.ForPeers(flags, peerEndpoints, warnings);
        var clientTls = TlsFlags.ForClients(flags, clientEndpoints, metricsEndpoints, warnings);
        return new()
        {
            Name = name,
            DataDir = dataDir,
            ClientEndpoints = clientEndpoints,
            MetricsEndpoints = metricsEndpoints,
            ExtensiveMetrics = flags.Text("metrics") == "extensive",
            AdvertiseClientUrls = flags.Urls("advertise-client-urls"),
            AdvertisePeerUrls = peerUrls,
            PeerEndpoints = peerEndpoints,
            InitialCluster = flags.Text("initial-cluster"),
            Discovery = discovery,
            JoinsExisting = flags.Text("initial-cluster-state") == "existing",
            ForceNewCluster = flags.Bool("force-new-cluster"),
            PreVote = flags.Bool("pre-vote"),
            StrictReconfigurationCheck = flags.Bool("strict-reconfig-check"),
            SnapshotCount = flags.UInt("snapshot-count"),
            ClusterToken = flags.Text("initial-cluster-token"),
            LogLevel = logLevel,
            HeartbeatInterval = heartbeat,
            ElectionTimeout = election,
            MinLeaseTtlSeconds = MinLeaseTtlSeconds(heartbeat, election),
            MaxRequestBytes = Bounded(flags, "max-request-bytes"),
            MaxTxnOps = Bounded(flags, "max-txn-ops"),
            MaxLeases = Bounded(flags, "max-leases"),
            MaxWatches = (Bounded(flags, "max-watches-per-stream"), Bounded(flags, "max-watches-per-connection"), Bounded(flags, "max-watches")),
            AutoCompactionMode = flags.Text("auto-compaction-mode"),
            AutoCompactionRetention = flags.Text("auto-compaction-retention"),
            LeaseCheckpoints = flags.Bool("experimental-enable-lease-checkpoint"),
            QuotaBackendBytes = flags.Text("quota-backend-bytes"),
            InitialCorruptCheck = flags.Bool("experimental-initial-corrupt-check"),
            CorruptCheckTime = flags.Text("experimental-corrupt-check-time"),
            WarningApplyDuration = flags.Text("experimental-warning-apply-duration"),
            WarningRequestDuration = flags.Duration("warning-unary-request-duration"),
            WatchProgressInterval = flags.Text("experimental-watch-progress-notify-interval"),
            WalDir = flags.Text("wal-dir"),
            SyncsLog = !flags.Bool("unsafe-no-fsync"),
            ReusesPorts = flags.Bool("socket-reuse-port"),
            MaxConcurrentStreams = flags.UInt("max-concurrent-streams") is > 0 and < MemberOptions.MostStreams and var streams ? (int)streams : MemberOptions.MostStreams,
            CorsOrigins = flags.List("cors"),
            HostWhitelist = flags.List("host-whitelist"),
            LogOutputs = flags.List("log-outputs"),
            LogRotation = flags.Bool("enable-log-rotation") ? flags.Text("log-rotation-config-json") : null,
            Telemetry = TracingFlags.Settings(flags),
            Feed = FeedFlags.Settings(flags),
            ConfigFile = flags.File,
            ClientTls = clientTls,
            PeerTls = peerTls,
            SelfSignedCertYears = flags.UInt("self-signed-cert-validity"),
            Warnings = warnings,
            AuthToken = flags.Text("auth-token"),
            AuthTokenTimeToLive = TimeSpan.FromSeconds(flags.UInt("auth-token-ttl")),
            BcryptCost = Passwords.CostOf(flags.UInt("bcrypt-cost")),
            KeepAlive = new ClientKeepAlive
            {
                MinTime = flags.Duration("grpc-keepalive-min-time"),
                Interval = flags.Duration("grpc-keepalive-interval"),
                Timeout = flags.Duration("grpc-keepalive-timeout"),
            },
            ServesJson = flags.Bool("enable-grpc-gateway"),
            V2MappingPrefix = flags.Text("v2-v3-mapping-prefix") is { Length: > 0 } prefix ? prefix : null,
        };
    }

    private static ListenPoint[] BindEndpoints(IReadOnlyList<string> urls, bool isForPeers = false) => [.. urls.Select(url => BindEndpoint(url, isForPeers))];

    private static ListenPoint BindEndpoint(string url, bool isForPeers)
    {
        if (!isForPeers && TryReadUnixSocket(url, out var file))
            return file;
        var uri = new Uri(url);
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            throw Refuse($"members cannot listen to each other at {url}: only at http://address:port and https://address:port");
        var isTls = uri.Scheme == Uri.UriSchemeHttps;
        if (uri.Host == "localhost")
            return new(new IPEndPoint(IPAddress.Loopback, uri.Port), isTls);
        return IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address)
            ? new(new IPEndPoint(address, uri.Port), isTls)
            : throw Refuse($"expected IP in URL for binding ({url})");
    }

    private static bool TryReadUnixSocket(string url, out ListenPoint point)
    {
        point = default;
        try
        {
            if (!UnixSocket.TryParse(url, out var endpoint, out var isTls))
                return false;
            point = new ListenPoint(endpoint, isTls);
            return true;
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.Environment(refused.Message);
        }
    }

    // etcd reads a host and a port in them, whatever the scheme.
    private static void VerifyAdvertised(FlagSet flags)
    {
        foreach (var url in flags.Urls("advertise-client-urls").Where(static url => url.StartsWith("unix", StringComparison.Ordinal)))
        {
            var authority = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/')[0];
            if (!authority.Contains(':', StringComparison.Ordinal))
                throw Refuse($"--advertise-client-urls \"{url}\" must be \"host:port\" (missing port in address)");
        }
    }

    private static void VerifyBootstrap(FlagSet flags)
    {
        if (flags.Text("logger") != "zap")
            throw Refuse(flags.Text("logger") == "capnslog"
                ? "--logger=capnslog is removed in v3.5"
                : $"unknown logger option \"{flags.Text("logger")}\"");
        if (!CompactionSetting.IsMode(flags.Text("auto-compaction-mode")))
            throw Refuse($"unknown auto-compaction-mode \"{flags.Text("auto-compaction-mode")}\"");
    }

    // In etcd, too, what is kept over restarts is first to be noted at all.
    private static void VerifyCheckpoints(FlagSet flags)
    {
        if (flags.Bool("experimental-enable-lease-checkpoint-persist") && !flags.Bool("experimental-enable-lease-checkpoint"))
            throw Refuse("setting experimental-enable-lease-checkpoint-persist requires experimental-enable-lease-checkpoint");
    }

    private static void VerifyTokens(FlagSet flags)
    {
        try
        {
            TokenFactory.Require(flags.Text("auth-token"));
        }
        catch (ConfigurationException refused)
        {
            throw Refuse(refused.Message);
        }
    }

    private static void VerifyCompaction(FlagSet flags)
    {
        try
        {
            CompactionSetting.Read(flags.Text("auto-compaction-mode"), flags.Text("auto-compaction-retention"));
        }
        catch (ConfigurationException refused)
        {
            throw StartRefusedException.Discovery(refused.Message); // As in etcd, which finds it later than the rest.
        }
    }

    private static (TimeSpan Heartbeat, TimeSpan Election) Timing(FlagSet flags)
    {
        var (heartbeatMs, electionMs) = (flags.UInt("heartbeat-interval"), flags.UInt("election-timeout"));
        if (heartbeatMs == 0)
            throw Refuse($"--heartbeat-interval must be >0 (set to {heartbeatMs}ms)");
        if (electionMs == 0)
            throw Refuse($"--election-timeout must be >0 (set to {electionMs}ms)");
        if (electionMs > MaxElectionMs)
            throw Refuse($"--election-timeout[{electionMs}ms] is too long, and should be set less than {MaxElectionMs}ms");
        if (electionMs / 5 < heartbeatMs)
            throw Refuse($"--election-timeout[{electionMs}ms] should be at least as 5 times as --heartbeat-interval[{heartbeatMs}ms]");
        return (TimeSpan.FromMilliseconds(heartbeatMs), TimeSpan.FromMilliseconds(electionMs));
    }

    // etcd: one and a half election timeouts in whole heartbeats, rounded up to seconds; a lease must outlive an election.
    private static long MinLeaseTtlSeconds(TimeSpan heartbeat, TimeSpan election)
    {
        var electionTicks = election.Ticks / heartbeat.Ticks;
        var shortest = heartbeat * (3 * electionTicks / 2);
        return (long)Math.Ceiling(shortest.TotalSeconds);
    }

    private static int Bounded(FlagSet flags, string name)
    {
        var value = flags.UInt(name);
        return value is > 0 and <= int.MaxValue / 2 ? (int)value : throw Refuse($"--{name} must lie between 1 and {int.MaxValue / 2} (set to {value})");
    }

    private static void VerifyInitialCluster(FlagSet flags, string name, IReadOnlyList<string> advertised)
    {
        var text = flags.Text("initial-cluster") is { Length: > 0 } given ? given : $"{name}=http://localhost:2380";
        if (InitialClusterCheck.UrlComplaint(text) is { } urlComplaint)
            throw StartRefusedException.Discovery($"error setting up initial cluster: {urlComplaint}");
        if (InitialClusterCheck.Complaint(text, name, advertised) is { } complaint)
            throw StartRefusedException.Discovery(complaint);
    }

    private static StartRefusedException Refuse(string text) => StartRefusedException.Verification(text);

    /// <summary>The member's folder, by its flag or its name.</summary>
    public static string DataDirOf(FlagSet flags) => flags.Text("data-dir") is { Length: > 0 } given ? given : flags.Text("name") + ".etcd";
}
