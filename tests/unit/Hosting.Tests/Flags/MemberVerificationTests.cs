using System.Net;
using Standalone;
using Standalone.Flags;
using Standalone.Member;

namespace Hosting.Tests.Flags;

public sealed class MemberVerificationTests
{
    private static MemberOptions Verify(params string[] args) =>
        MemberVerification.Verify(FlagParser.Parse(args, new Dictionary<string, string>()).Flags);

    private static string Refusal(params string[] args)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Verify(args));
        Assert.Equal(1, refused.ExitCode);
        return refused.Message;
    }

    [Fact]
    public void Verify_UnixUrls_AreFilesNamedByAllThatFollows()
    {
        var options = Verify("--listen-client-urls", "unix:///tmp/a.sock,unixs://localhost:7", "--advertise-client-urls", "http://localhost:1", "--auto-tls");
        Assert.Equal([("/tmp/a.sock", false), ("localhost:7", true)], options.ClientEndpoints.Select(port => (port.EndPoint.ToString()!, port.IsTls)));
        Assert.Equal(["unix:///tmp/a.sock", "unixs://localhost:7"], options.ClientEndpoints.Select(port => port.Url));
        var refused = Assert.Throws<StartRefusedException>(() => Verify("--listen-client-urls", "http://127.0.0.1:1", "--advertise-client-urls", "unix:///tmp/a.sock"));
        Assert.Equal("--advertise-client-urls \"unix:///tmp/a.sock\" must be \"host:port\" (missing port in address)", refused.Message);
    }

    [Fact]
    public void Verify_Bounds_AreTakenFromTheFlags()
    {
        var options = Verify("--max-watches-per-stream", "1", "--max-watches-per-connection", "2", "--max-watches", "3", "--max-leases", "4");
        Assert.Equal(((1L, 2L, 3L), 4L), (options.MaxWatches, options.MaxLeases));
        Assert.Throws<StartRefusedException>(() => Verify("--max-leases", "0"));
    }

    [Fact]
    public void Verify_MappingPrefix_IsNoneUnlessGiven()
    {
        Assert.Null(Verify().V2MappingPrefix);
        Assert.Equal("/", Verify("--v2-v3-mapping-prefix=/").V2MappingPrefix);
        Assert.Equal("/shared", MemberVerification.Verify(FlagParser.Parse([], new Dictionary<string, string> { ["ETCD_V2_V3_MAPPING_PREFIX"] = "/shared" }).Flags).V2MappingPrefix);
    }

    [Fact]
    public void Verify_NoFlags_ListensOnBothOldAndNewPort()
    {
        var options = Verify();
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 2379), new IPEndPoint(IPAddress.Loopback, 4001)], options.ClientEndpoints.Select(port => (IPEndPoint)port.EndPoint).OrderBy(endpoint => endpoint.Port));
        Assert.Equal(("default", "default.etcd", 2L), (options.Name, options.DataDir, options.MinLeaseTtlSeconds));
        Assert.Equal(["http://localhost:2379"], options.AdvertiseClientUrls);
        Assert.Equal((1572864, 128), (options.MaxRequestBytes, options.MaxTxnOps));
    }

    [Fact]
    public void Verify_NameAlone_NamesClusterAndFolder()
    {
        var options = Verify("--name", "infra0");
        Assert.Equal(("infra0", "infra0.etcd"), (options.Name, options.DataDir));
    }

    [Fact]
    public void Verify_MetricsUrls_AreFurtherPorts()
    {
        Assert.Empty(Verify().MetricsEndpoints);
        var options = Verify("--listen-metrics-urls", "http://127.0.0.1:2381,http://127.0.0.1:2382");
        Assert.Equal([2381, 2382], options.MetricsEndpoints.Select(endpoint => ((System.Net.IPEndPoint)endpoint.EndPoint).Port));
    }

    // Whatever is not "extensive" is basic, as in etcd.
    [Theory]
    [InlineData("basic", false)]
    [InlineData("extensive", true)]
    [InlineData("foo", false)]
    public void Verify_Metrics_DecideWhetherCallsAreTimed(string metrics, bool isTimed) => Assert.Equal(isTimed, Verify("--metrics", metrics).ExtensiveMetrics);

    [Theory]
    [InlineData("1000", "100", 2)]
    [InlineData("5000", "100", 8)]
    [InlineData("50", "10", 1)]
    public void Verify_ElectionTimeout_DecidesTheShortestLease(string election, string heartbeat, long seconds) =>
        Assert.Equal(seconds, Verify("--election-timeout", election, "--heartbeat-interval", heartbeat).MinLeaseTtlSeconds);

    [Theory]
    [InlineData("expected IP in URL for binding (http://foo.com:2379)", "--listen-client-urls", "http://foo.com:2379", "--advertise-client-urls", "http://foo.com:2379")]
    [InlineData("expected IP in URL for binding (http://foo.com:2381)", "--listen-metrics-urls", "http://foo.com:2381")]
    [InlineData("--advertise-client-urls is required when --listen-client-urls is set explicitly", "--listen-client-urls", "http://127.0.0.1:2379")]
    [InlineData(
        "setting experimental-enable-lease-checkpoint-persist requires experimental-enable-lease-checkpoint",
        "--experimental-enable-lease-checkpoint=false", "--experimental-enable-lease-checkpoint-persist")]
    [InlineData("--election-timeout[300ms] should be at least as 5 times as --heartbeat-interval[100ms]", "--election-timeout", "300")]
    [InlineData("--election-timeout[60000ms] is too long, and should be set less than 50000ms", "--election-timeout", "60000")]
    [InlineData("--election-timeout must be >0 (set to 0ms)", "--election-timeout", "0")]
    [InlineData("--heartbeat-interval must be >0 (set to 0ms)", "--heartbeat-interval", "0")]
    [InlineData("couldn't find local name \"default\" in the initial cluster configuration", "--initial-cluster", "a=http://localhost:2380")]
    [InlineData("initial cluster a=http://h:1,b=http://h:1 has duplicate url", "--name", "a", "--initial-cluster", "a=http://h:1,b=http://h:1")]
    [InlineData("unknown auto-compaction-mode \"foo\"", "--auto-compaction-mode", "foo")]
    [InlineData("error parsing CompactionRetention: time: invalid duration \"abc\"", "--auto-compaction-retention", "abc")]
    [InlineData("auth: invalid auth options", "--auth-token", "foo")]
    [InlineData("auth: missing key data", "--auth-token", "jwt,sign-method=RS256")]
    [InlineData("--logger=capnslog is removed in v3.5", "--logger", "capnslog")]
    [InlineData("multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", \"discovery\" or \"discovery-srv\"",
        "--discovery", "http://x", "--initial-cluster", "default=http://localhost:2380")]
    public void Verify_Contradiction_IsRefusedInEtcdsWords(string text, params string[] args) => Assert.Equal(text, Refusal(args));

    [Fact]
    public void Verify_UsersFlags_GoToTheGateway()
    {
        var options = Verify("--auth-token-ttl", "60", "--bcrypt-cost", "5");
        Assert.Equal(("simple", TimeSpan.FromSeconds(60), 5), (options.AuthToken, options.AuthTokenTimeToLive, options.BcryptCost));
        Assert.Equal(10, Verify("--bcrypt-cost", "99").BcryptCost);
    }

    [Fact]
    public void Verify_PeerUrlsDiffer_NamesBoth() =>
        Assert.StartsWith(
            "--initial-cluster has default=http://127.0.0.1:27399 but missing from --initial-advertise-peer-urls=http://127.0.0.1:27380",
            Refusal("--initial-cluster", "default=http://127.0.0.1:27399", "--initial-advertise-peer-urls", "http://127.0.0.1:27380"),
            StringComparison.Ordinal);

    [Fact]
    public void Verify_TlsUrl_IsRefusedRatherThanServedPlain() =>
        Assert.Contains("https://127.0.0.1:2379", Refusal("--listen-client-urls", "https://127.0.0.1:2379", "--advertise-client-urls", "https://127.0.0.1:2379"), StringComparison.Ordinal);

    [Fact]
    public void Verify_BadLogLevel_IsExit2()
    {
        var refused = Assert.Throws<StartRefusedException>(() => Verify("--log-level", "foo"));
        Assert.Equal((2, "unrecognized level: \"foo\""), (refused.ExitCode, refused.Message));
    }

    [Fact]
    public void Prepare_FolderOfEtcdItself_IsRefused()
    {
        var folder = Directory.CreateTempSubdirectory("hosting-");
        try
        {
            folder.CreateSubdirectory("member");
            var refused = Assert.Throws<StartRefusedException>(() => DataDirectory.Prepare(folder.FullName));
            Assert.Contains("was written by etcd", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
