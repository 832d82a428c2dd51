using EndToEnd.Tests.Tools;
using Standalone;
using Standalone.Flags;
using Standalone.Member;

namespace Hosting.Tests.Flags;

/// <summary>Goal: flags about TLS that cannot be worked with are refused as etcd 3.5.30 was heard to refuse them.</summary>
public sealed class TlsFlagsTests : IDisposable
{
    private static readonly string[] s_clients = ["--listen-client-urls", "https://127.0.0.1:2379", "--advertise-client-urls", "https://127.0.0.1:2379"];
    private static readonly string[] s_peers =
    [
        "--listen-peer-urls", "https://127.0.0.1:2380", "--initial-advertise-peer-urls", "https://127.0.0.1:2380", "--initial-cluster", "default=https://127.0.0.1:2380",
    ];

    private readonly TempFolder _folder = new();
    private readonly CertificateAndKey _server;

    public TlsFlagsTests()
    {
        using var authority = new TestAuthority(_folder.Path);
        _server = authority.Issue("server", "server", ["localhost"]);
    }

    public void Dispose() => _folder.Dispose();

    private string[] Pair => ["--cert-file", _server.CertFile, "--key-file", _server.KeyFile];

    private string[] PeerPair => ["--peer-cert-file", _server.CertFile, "--peer-key-file", _server.KeyFile];

    [Fact]
    public void ClientPorts_WithWhatTheyNeed_AreSecured()
    {
        var options = Verify([.. s_clients, .. Pair, "--client-cert-auth", "--tls-min-version", "TLS1.3"]);
        Assert.True(options.ClientEndpoints.Single().IsTls && options.ClientTls is { ClientCertAuth: true });
        Assert.Empty(options.Warnings);
        Assert.Null(options.PeerTls);
        Assert.True(Verify([.. s_clients, "--auto-tls"]).ClientTls!.IsSelfSigned);
    }

    [Fact]
    public void PlainPorts_WithCertificates_AreWarnedOf()
    {
        var options = Verify([.. Pair, "--client-cert-auth"]);
        Assert.Null(options.ClientTls);
        Assert.Equal(4, options.Warnings.Count);
    }

    [Fact]
    public void WhatCannotBeUsed_IsRefusedAtEtcdsOccasions()
    {
        Refused("discovery failed", "TLS key/cert (--cert-file, --key-file) must be provided for client url https://127.0.0.1:2379 with HTTPS scheme", s_clients);
        Refused(
            "discovery failed", "client TLS key/cert (--cert-file, --key-file) must be provided for metrics secure url",
            ["--listen-metrics-urls", "https://127.0.0.1:2381"]);
        Refused("listener failed", $"KeyFile and CertFile must both be present[key: , cert: {_server.CertFile}]", [.. s_clients, .. Pair[..2]]);
        Refused("listener failed", "open /nope: no such file or directory", [.. s_clients, .. Pair[..2], "--key-file", "/nope"]);
        Refused("discovery failed", "unexpected TLS cipher suite \"FOO\"", [.. s_clients, .. Pair, "--cipher-suites", "FOO"]);
        Refused(null, "unexpected TLS version \"FOO\" (must be one of: TLS1.2, TLS1.3)", [.. s_clients, .. Pair, "--tls-min-version", "FOO"]);
        Refused(null, "min version (TLS1.3) is greater than max version (TLS1.2)", [.. s_clients, .. Pair, "--tls-min-version", "TLS1.3", "--tls-max-version", "TLS1.2"]);
        Refused("discovery failed", "cannot listen on TLS for 127.0.0.1:2380: KeyFile and CertFile are not presented", s_peers);
        Refused(
            "discovery failed", "AllowedCNs and AllowedHostnames are mutually exclusive (cns=[\"a\"], hostnames=[\"b\"])",
            [.. s_peers, .. PeerPair, "--peer-cert-allowed-cn", "a", "--peer-cert-allowed-hostname", "b"]);
    }

    [Fact]
    public void Tracing_Wanted_IsTheStandardSettings()
    {
        Assert.Empty(Verify(["--data-dir", _folder.Path]).Telemetry);
        var settings = Verify(
        [
            "--data-dir", _folder.Path, "--experimental-enable-distributed-tracing", "--experimental-distributed-tracing-address", "h:1",
            "--experimental-distributed-tracing-sampling-rate", "250000", "--experimental-distributed-tracing-instance-id", "i",
        ]).Telemetry;
        Assert.Equal(
            ("http://h:1", "etcd", "parentbased_traceidratio", "0.25", "service.instance.id=i"),
            (settings["OTEL_EXPORTER_OTLP_ENDPOINT"], settings["OTEL_SERVICE_NAME"], settings["OTEL_TRACES_SAMPLER"], settings["OTEL_TRACES_SAMPLER_ARG"],
            settings["OTEL_RESOURCE_ATTRIBUTES"]));
        Refused(
            null, "distributed tracing configurition is not valid: (tracing sampling rate must be less than 1000000)",
            ["--experimental-enable-distributed-tracing", "--experimental-distributed-tracing-sampling-rate", "2000000"]);
    }

    private static MemberOptions Verify(string[] args) => MemberVerification.Verify(FlagParser.Parse(args, new Dictionary<string, string>()).Flags);

    private static void Refused(string? headline, string text, string[] args)
    {
        var refused = Assert.Throws<StartRefusedException>(() => Verify(args));
        Assert.Equal((headline, text, 1), (refused.Headline, refused.Message, refused.ExitCode));
    }
}
