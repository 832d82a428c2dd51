using Standalone;
using Standalone.Flags;

namespace Hosting.Tests.Flags;

/// <summary>Goal: start lines of etcd 0.4 and 2.0 start the same member. Method: old flags in, flags of today out.</summary>
public sealed class OldSpellingsTests
{
    private static FlagSet Flags(params string[] args) => FlagParser.Parse(args, new Dictionary<string, string>()).Flags;

    [Theory]
    [InlineData("-addr", "10.0.0.1:4001")]
    [InlineData("--addr=10.0.0.1:4001")]
    public void Addr_Alone_IsAdvertisedAndItsPortListenedOnEverywhere(params string[] args)
    {
        var flags = Flags(args);
        Assert.Equal(("http://10.0.0.1:4001", "http://0.0.0.0:4001"), (flags.Text("advertise-client-urls"), flags.Text("listen-client-urls")));
    }

    [Fact]
    public void Addr_OfTheLoopbackInterface_IsListenedOnThereAlone() => Assert.Equal("http://127.0.0.1:4001", Flags("-addr", "127.0.0.1:4001").Text("listen-client-urls"));

    [Theory]
    [InlineData("http://0.0.0.0:4001", "0.0.0.0")]
    [InlineData("http://10.0.0.2:5001", "10.0.0.2:5001")]
    [InlineData("http://[::1]:5001", "[::1]:5001")]
    public void BindAddr_Beside_SaysWhereToListen(string listened, string bindAddress)
    {
        var flags = Flags("-addr", "10.0.0.1:4001", "-bind-addr", bindAddress);
        Assert.Equal(("http://10.0.0.1:4001", listened), (flags.Text("advertise-client-urls"), flags.Text("listen-client-urls")));
    }

    [Fact]
    public void BindAddr_Alone_IsListenedOnAtTheOldPort()
    {
        var flags = Flags("-bind-addr", "127.0.0.1");
        Assert.Equal(("http://127.0.0.1:4001", "http://127.0.0.1:4001"), (flags.Text("advertise-client-urls"), flags.Text("listen-client-urls")));
    }

    [Fact]
    public void PeerAddr_WithoutACluster_IsAClusterOfItsOwn()
    {
        var flags = Flags("-name", "m1", "-peer-addr", "127.0.0.1:7001", "-peer-bind-addr", "127.0.0.1");
        Assert.Equal(("http://127.0.0.1:7001", "http://127.0.0.1:7001"), (flags.Text("initial-advertise-peer-urls"), flags.Text("listen-peer-urls")));
        Assert.Equal("m1=http://127.0.0.1:7001", flags.Text("initial-cluster"));
        Assert.Equal("", Flags("-peer-addr", "127.0.0.1:7001", "-discovery", "http://127.0.0.1/x").Text("initial-cluster"));
    }

    [Fact]
    public void Certificates_Given_MakeTheAddressesSecure()
    {
        var flags = Flags("-addr", "127.0.0.1:4001", "-cert-file", "c", "-key-file", "k", "-peer-addr", "127.0.0.1:7001");
        Assert.Equal(("https://127.0.0.1:4001", "http://127.0.0.1:7001"), (flags.Text("advertise-client-urls"), flags.Text("initial-advertise-peer-urls")));
    }

    [Theory]
    [InlineData("ETCD_ADDR", "127.0.0.1:4001")]
    [InlineData("ETCD_PEERS", "/somewhere")]
    public void Variable_OfAnOldName_IsUnknownAsInLaterReleases(string variable, string value)
    {
        var commandLine = FlagParser.Parse([], new Dictionary<string, string> { [variable] = value });
        Assert.Equal(new StartWarning("unrecognized environment variable", variable), Assert.Single(commandLine.Warnings));
        Assert.False(commandLine.Flags.IsSet("advertise-client-urls"));
    }

    [Fact]
    public void OldFlag_Given_IsAWarning() =>
        Assert.Equal(
            [new StartWarning("flag is deprecated: use --advertise-client-urls", "addr"), new StartWarning("flag is deprecated: use --listen-client-urls", "bind-addr")],
            FlagParser.Parse(["-addr", "127.0.0.1:1", "-bind-addr", "127.0.0.1:1"], new Dictionary<string, string>()).Warnings);

    [Theory]
    [InlineData(2, "invalid value \"127.0.0.1\" for flag -addr: it must have the form host:port, the host being an IP address or a name", "-addr", "127.0.0.1")]
    [InlineData(2, "invalid value \"http://127.0.0.1:1\" for flag -peer-addr: it must have the form host:port, the host being an IP address or a name", "-peer-addr", "http://127.0.0.1:1")]
    [InlineData(2, "invalid value \"127.0.0.1:99999\" for flag -bind-addr: it must have the form host:port, the host being an IP address or a name", "-bind-addr", "127.0.0.1:99999")]
    [InlineData(2, "invalid value \"a,b\" for flag -peers: flag \"-peers\" is no longer supported.", "-peers", "a,b")]
    [InlineData(1, "Set only one of flags -advertise-client-urls and -addr", "-addr", "127.0.0.1:1", "-advertise-client-urls", "http://127.0.0.1:1")]
    [InlineData(1, "Set only one of flags -listen-peer-urls and -peer-bind-addr", "-peer-bind-addr", "127.0.0.1:1", "-listen-peer-urls", "http://127.0.0.1:1")]
    public void OldFlag_Wrong_IsRefused(int exitCode, string text, params string[] args)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Flags(args));
        Assert.Equal((exitCode, text), (refused.ExitCode, refused.Message));
    }
}
