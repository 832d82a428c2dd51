using DnsClient;
using EndToEnd.Tests.Tools;
using Microsoft.Extensions.Logging.Abstractions;
using Standalone;
using Standalone.Discovery;

namespace Hosting.Tests.Discovery;

/// <summary>Goal: service records become the initial cluster that etcd makes of them. Method: a DNS server of the test's own on the loopback interface.</summary>
public sealed class SrvClusterTests : IDisposable
{
    private static readonly SrvDiscoveryOptions s_domain = new("example.com", "");

    private readonly LoopbackDns _dns = new();

    private Task<string> Find(SrvDiscoveryOptions options, string name, params string[] peerUrls) =>
        new SrvCluster(new DnsLookup(Client()), NullLogger.Instance).FindAsync(options, name, peerUrls, CancellationToken.None);

    private async Task<string> Refusal(string name, params string[] peerUrls) =>
        (await Assert.ThrowsAsync<StartRefusedException>(() => Find(s_domain, name, peerUrls))).Message;

    public void Dispose() => _dns.Dispose();

    [Fact]
    public async Task Find_ThreeRecords_NamesTheOthersByNumbers()
    {
        _dns.Add("_etcd-server._tcp.example.com", ("127.0.0.1", 1), ("127.0.0.2", 2), ("127.0.0.1", 3));
        Assert.Equal("0=http://127.0.0.1:1,m=http://127.0.0.2:2,1=http://127.0.0.1:3", await Find(s_domain, "m", "http://127.0.0.2:2"));
    }

    [Fact]
    public async Task Find_OwnAddressUnderAName_IsRecognised()
    {
        _dns.Add("_etcd-server._tcp.example.com", ("localhost", 2380));
        Assert.Equal("m=http://localhost:2380", await Find(s_domain, "m", "http://127.0.0.1:2380"));
    }

    [Fact]
    public async Task Find_RecordsWithAndWithoutTls_AreTakenTogether()
    {
        _dns.Add("_etcd-server-ssl-x._tcp.example.com", ("127.0.0.1", 1));
        _dns.Add("_etcd-server-x._tcp.example.com", ("127.0.0.1", 2));
        Assert.Equal("m=https://127.0.0.1:1,0=http://127.0.0.1:2", await Find(new("example.com", "x"), "m", "https://127.0.0.1:1"));
    }

    [Fact]
    public async Task Find_NoRecords_SaysWhatWasAskedOfWhom()
    {
        var refusal = await Refusal("m", "http://127.0.0.1:1");
        Assert.Equal(
            $"error setting up initial cluster: error querying DNS SRV records for _etcd-server-ssl lookup _etcd-server-ssl._tcp.example.com on {_dns.EndPoint}: no such host; "
            + $"error querying DNS SRV records for _etcd-server lookup _etcd-server._tcp.example.com on {_dns.EndPoint}: no such host",
            refusal);
    }

    [Fact]
    public async Task Find_WithoutOneself_IsRefused()
    {
        _dns.Add("_etcd-server._tcp.example.com", ("127.0.0.1", 1));
        Assert.Equal("error setting up initial cluster: cannot find local etcd member \"m\" in SRV records", await Refusal("m", "http://127.0.0.1:2"));
    }

    [Fact]
    public async Task Find_OneselfWithAnotherScheme_IsRefused()
    {
        _dns.Add("_etcd-server._tcp.example.com", ("127.0.0.1", 1));
        Assert.EndsWith(
            "error querying DNS SRV records for _etcd-server bootstrap at http://127.0.0.1:1 from DNS for etcd-server has scheme mismatch with expected peer https://127.0.0.1:1",
            await Refusal("m", "https://127.0.0.1:1"), StringComparison.Ordinal);
    }

    [Fact]
    public void ByDns_OwnUrlsAsDnsHasThem_AreWhatIsAdvertised()
    {
        _dns.Add("_etcd-server._tcp.example.com", ("localhost", 2380), ("127.0.0.1", 1));
        var options = Standalone.Member.MemberVerification.Verify(Standalone.Flags.FlagParser.Parse(
            ["--name", "m", "--discovery-srv", "example.com", "--initial-advertise-peer-urls", "http://127.0.0.1:2380"], new Dictionary<string, string>()).Flags);
        var found = Bootstrap.ByDns(options, s_domain, new SrvCluster(new DnsLookup(Client()), NullLogger.Instance));
        Assert.Equal("m=http://localhost:2380,0=http://127.0.0.1:1", found.InitialCluster);
        Assert.Equal(["http://localhost:2380"], found.AdvertisePeerUrls);
    }

    private LookupClient Client() => new(new LookupClientOptions(_dns.EndPoint) { UseCache = false });
}
