using Standalone;
using Standalone.Discovery;
using Standalone.Flags;

namespace Hosting.Tests.Discovery;

/// <summary>Goal: flags choose one way of finding the others, or are refused. Method: flags in, options or refusal out.</summary>
public sealed class DiscoveryFlagsTests
{
    private static DiscoveryOptions? Read(params string[] args) => DiscoveryFlags.Read(FlagParser.Parse(args, new Dictionary<string, string>()).Flags);

    [Fact]
    public void Read_NoFlags_IsNoDiscovery() => Assert.Null(Read("--initial-cluster", "default=http://localhost:2380"));

    [Fact]
    public void Read_V2Flags_AreThoseOfAFolder()
    {
        Assert.Equal(new V2DiscoveryOptions("http://h/x") { FallsBackToProxy = true }, Read("--discovery", "http://h/x"));
        Assert.Equal(
            new V2DiscoveryOptions("http://h/x") { Proxy = "http://p:1" },
            Read("--discovery", "http://h/x", "--discovery-fallback", "exit", "--discovery-proxy", "http://p:1"));
    }

    [Fact]
    public void Read_SrvFlags_AreADomain() => Assert.Equal(new SrvDiscoveryOptions("example.com", "x"), Read("--discovery-srv", "example.com", "--discovery-srv-name", "x"));

    [Theory]
    [InlineData("root", "p:w", "--discovery-user", "root:p:w")]
    [InlineData("root", "pw", "--discovery-user", "root", "--discovery-password", "pw")]
    [InlineData("a:b", "pw", "--discovery-user", "a:b", "--discovery-password", "pw")]
    public void Read_V3User_IsReadAsEtcdctlReadsIt(string user, string password, params string[] args)
    {
        var options = Assert.IsType<V3DiscoveryOptions>(Read(["--discovery-token", "t", "--discovery-endpoints", "a:1,b:2", .. args]));
        Assert.Equal((user, password), (options.User, options.Password));
        Assert.Equal(["a:1", "b:2"], options.Endpoints);
        Assert.Null(options.Tls);
    }

    [Theory]
    [InlineData("--discovery-cacert", "ca")]
    [InlineData("--discovery-cert", "c", "--discovery-key", "k")]
    [InlineData("--discovery-server-name", "n")]
    [InlineData("--discovery-insecure-transport=false")]
    public void Read_V3Certificates_MeanTls(params string[] args) =>
        Assert.NotNull(Assert.IsType<V3DiscoveryOptions>(Read(["--discovery-token", "t", "--discovery-endpoints", "a:1", .. args])).Tls);

    [Theory]
    [InlineData("multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", \"discovery\" or \"discovery-srv\"", "--discovery", "http://h/x", "--discovery-srv", "d")]
    [InlineData("multiple discovery or bootstrap flags are set. Choose one of \"initial-cluster\", \"discovery\" or \"discovery-srv\"",
        "--discovery-token", "t", "--discovery-endpoints", "a:1", "--initial-cluster", "a=http://a:1")]
    [InlineData("both --discovery-token and --discovery-endpoints must be set", "--discovery-token", "t")]
    [InlineData("both --discovery-token and --discovery-endpoints must be set", "--discovery-endpoints", "a:1")]
    [InlineData("both --discovery-token and --discovery-endpoints must be set", "--discovery-token", "t", "--initial-cluster", "a=http://a:1")]
    [InlineData("--discovery-endpoints must not contain empty endpoints", "--discovery-token", "t", "--discovery-endpoints", "a:1,,b:1")]
    [InlineData("--discovery-endpoints must not contain empty endpoints", "--discovery-token", "t", "--discovery-endpoints", " ")]
    [InlineData(
        "both v2 discovery settings (discovery, discovery-proxy) and v3 discovery settings (discovery-token, discovery-endpoints, discovery-cert, discovery-key, discovery-cacert, discovery-user, "
        + "discovery-password) are set",
        "--discovery", "http://h/x", "--discovery-token", "t", "--discovery-endpoints", "a:1")]
    [InlineData(
        "both v2 discovery settings (discovery, discovery-proxy) and v3 discovery settings (discovery-token, discovery-endpoints, discovery-cert, discovery-key, discovery-cacert, discovery-user, "
        + "discovery-password) are set",
        "--discovery", "http://h/x", "--discovery-user", "u")]
    public void Read_SeveralWaysOrHalfOfOne_IsRefused(string text, params string[] args) =>
        Assert.Equal(text, Assert.Throws<StartRefusedException>(() => Read(args)).Message);
}
