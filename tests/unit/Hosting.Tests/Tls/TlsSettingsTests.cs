using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EndToEnd.Tests.Tools;
using Hosting.Tls;

namespace Hosting.Tests.Tls;

/// <summary>Goal: what cannot be worked with is told at the start, in etcd's words.</summary>
public sealed class TlsSettingsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly CertificateAndKey _server;
    private readonly CertificateAndKey _other;

    public TlsSettingsTests()
    {
        _authority = new TestAuthority(_folder.Path);
        _server = _authority.Issue("server", "server", ["localhost"]);
        _other = _authority.Issue("other", "other", ["localhost"]);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Verify_WhatCannotBeUsed_IsRefusedInEtcdsWords()
    {
        var good = new TlsSettings { CertFile = _server.CertFile, KeyFile = _server.KeyFile, TrustedCaFile = _authority.CaFile };
        good.Verify();
        Assert.Equal($"KeyFile and CertFile must both be present[key: , cert: {_server.CertFile}]", Refusal(good with { KeyFile = "" }));
        Assert.Equal("open /nope: no such file or directory", Refusal(good with { CertFile = "/nope" }));
        Assert.Equal("open /nope: no such file or directory", Refusal(good with { KeyFile = "/nope" }));
        Assert.Equal("open /nope: no such file or directory", Refusal(good with { TrustedCaFile = "/nope" }));
        Assert.Equal("tls: private key does not match public key", Refusal(good with { KeyFile = _other.KeyFile }));
        Assert.Equal("tls: failed to find any PEM data in certificate input", Refusal(good with { CertFile = _server.KeyFile }));
        Assert.Equal($"x509: no certificate in {_server.KeyFile}", Refusal(good with { TrustedCaFile = _server.KeyFile }));
        Assert.Equal(
            $"ClientKeyFile and ClientCertFile must both be present or both absent: key: , cert: {_other.CertFile}]",
            Refusal(good with { ClientCertFile = _other.CertFile }));
        Assert.Equal("unexpected TLS cipher suite \"FOO\"", Refusal(good with { CipherSuites = ["FOO"] }));
        Assert.Equal(
            "AllowedCNs and AllowedHostnames are mutually exclusive (cns=[\"a\"], hostnames=[\"b\" \"c\"])",
            Refusal(good with { AllowedCns = ["a"], AllowedHostnames = ["b", "c"] }));
    }

    [Theory]
    [InlineData("TLS1.2", "", SslProtocols.Tls12 | SslProtocols.Tls13)]
    [InlineData("", "", SslProtocols.Tls12 | SslProtocols.Tls13)]
    [InlineData("TLS1.2", "TLS1.2", SslProtocols.Tls12)]
    [InlineData("TLS1.3", "TLS1.3", SslProtocols.Tls13)]
    public void Versions_OfARange_AreThoseBetween(string min, string max, SslProtocols expected) =>
        Assert.Equal(expected, TlsVersions.Between(min, max, hasCipherSuites: false));

    [Theory]
    [InlineData("FOO", "", false, "unexpected TLS version \"FOO\" (must be one of: TLS1.2, TLS1.3)")]
    [InlineData("TLS1.3", "TLS1.2", false, "min version (TLS1.3) is greater than max version (TLS1.2)")]
    [InlineData("TLS1.3", "", true, "cipher suites cannot be configured when only TLS1.3 is enabled")]
    public void Versions_OfNoRange_AreRefused(string min, string max, bool hasCiphers, string text) =>
        Assert.Equal(text, Assert.Throws<ConfigurationException>(() => TlsVersions.Between(min, max, hasCiphers)).Message);

    [Fact]
    public void SelfSigned_MadeOnce_IsKept()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var folder = _folder.Sub("fixtures/client");
        var (certFile, keyFile) = SelfSignedCertificate.In(folder, ["127.0.0.1", "localhost"], 2, now);
        using var certificate = X509Certificate2.CreateFromPemFile(certFile, keyFile);
        Assert.Equal("O=etcd", certificate.Subject);
        Assert.True(certificate.MatchesHostname("127.0.0.1") && certificate.MatchesHostname("localhost"));
        Assert.Equal(now.AddDays(730).UtcDateTime, certificate.NotAfter.ToUniversalTime());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(keyFile));
        var text = File.ReadAllText(certFile);
        SelfSignedCertificate.In(folder, ["other"], 1, now);
        Assert.Equal(text, File.ReadAllText(certFile));
        Assert.Throws<ConfigurationException>(() => SelfSignedCertificate.In(folder, ["other"], 0, now));
    }

    private static string Refusal(TlsSettings settings) => Assert.Throws<ConfigurationException>(settings.Verify).Message;
}
