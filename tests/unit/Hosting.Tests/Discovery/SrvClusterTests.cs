using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DnsClient;
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
        new SrvCluster(new DnsLookup(_dns.Client()), NullLogger.Instance).FindAsync(options, name, peerUrls, CancellationToken.None);

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
        var found = Bootstrap.ByDns(options, s_domain, new SrvCluster(new DnsLookup(_dns.Client()), NullLogger.Instance));
        Assert.Equal("m=http://localhost:2380,0=http://127.0.0.1:1", found.InitialCluster);
        Assert.Equal(["http://localhost:2380"], found.AdvertisePeerUrls);
    }

    /// <summary>Answers questions for SRV records over UDP (RFC 1035 §4, RFC 2782); of a name that it does not have it says so.</summary>
    private sealed class LoopbackDns : IDisposable
    {
        private const ushort Srv = 33, Internet = 1;

        private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
        private readonly Dictionary<string, (string Host, int Port)[]> _records = new(StringComparer.OrdinalIgnoreCase);
        private readonly Task _serving;

        public LoopbackDns() => _serving = ServeAsync();

        public IPEndPoint EndPoint => (IPEndPoint)_socket.Client.LocalEndPoint!;

        public LookupClient Client() => new(new LookupClientOptions(EndPoint) { UseCache = false });

        public void Add(string name, params (string Host, int Port)[] targets) => _records[name] = targets;

        public void Dispose()
        {
            _socket.Dispose();
            _serving.GetAwaiter().GetResult();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    var question = await _socket.ReceiveAsync();
                    await _socket.SendAsync(AnswerTo(question.Buffer), question.RemoteEndPoint);
                }
            }
            catch (Exception end) when (end is ObjectDisposedException or SocketException)
            {
                // The test is over.
            }
        }

        private byte[] AnswerTo(byte[] question)
        {
            const int Header = 12;
            var (labels, at) = (new List<string>(), Header);
            for (; question[at] > 0; at += question[at] + 1)
                labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
            var questionEnd = at + 1 + 4;
            var isKnown = _records.TryGetValue(string.Join('.', labels), out var targets);
            var answer = new List<byte>(question[..2]);
            Add16(answer, (ushort)(0x8180 | (isKnown ? 0 : 3)));
            Add16(answer, 1);
            Add16(answer, (ushort)(targets?.Length ?? 0));
            Add16(answer, 0);
            Add16(answer, 0);
            answer.AddRange(question[Header..questionEnd]);
            foreach (var (host, port) in targets ?? [])
            {
                var name = host.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]).Append((byte)0).ToArray();
                Add16(answer, 0xC000 | Header); // The name in the question.
                Add16(answer, Srv);
                Add16(answer, Internet);
                Add16(answer, 0);
                Add16(answer, 60); // Time to live, low half.
                Add16(answer, (ushort)(6 + name.Length));
                Add16(answer, 0); // Priority.
                Add16(answer, 0); // Weight.
                Add16(answer, (ushort)port);
                answer.AddRange(name);
            }
            return [.. answer];
        }

        private static void Add16(List<byte> bytes, ushort value)
        {
            Span<byte> two = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(two, value);
            bytes.AddRange(two);
        }
    }
}
