using System.Security.Authentication;
using EndToEnd.Tests.Tools;
using Hosting.Tls;

namespace Hosting.Tests.Tls;

/// <summary>Goal: who gets in at a secured port, and what it shows. Method: real handshakes over loopback.</summary>
public sealed class SecuredPortTests : IDisposable
{
    private static readonly string[] s_here = ["localhost", "127.0.0.1"];

    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly CertificateAndKey _server;

    public SecuredPortTests()
    {
        _authority = new TestAuthority(_folder.Path);
        _server = _authority.Issue("server", "server", s_here);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    private TlsSettings Plain => new() { CertFile = _server.CertFile, KeyFile = _server.KeyFile };

    private TlsSettings Mutual => Plain with { TrustedCaFile = _authority.CaFile, ClientCertAuth = true };

    [Theory]
    [InlineData("http/1.1")]
    [InlineData("h2")]
    public async Task Protocol_Offered_IsAgreedUpon(string protocol)
    {
        await using var port = await SecuredPort.StartAsync(Plain);
        Assert.Equal(protocol, (await port.AskAsync(protocol: protocol)).Protocol);
    }

    [Fact]
    public async Task Certificate_Renewed_IsShownFromTheNextConnectionOn()
    {
        await using var port = await SecuredPort.StartAsync(Plain);
        var before = (await port.AskAsync()).Serial;
        Assert.Equal(before, (await port.AskAsync()).Serial);
        _authority.Issue("server", "server", s_here);
        Assert.NotEqual(before, (await port.AskAsync()).Serial);
    }

    [Fact]
    public async Task Certificate_HalfRenewed_LeavesTheOneBefore()
    {
        await using var port = await SecuredPort.StartAsync(Plain);
        var before = (await port.AskAsync()).Serial;
        var other = _authority.Issue("other", "other", s_here);
        File.Copy(other.KeyFile, _server.KeyFile, overwrite: true);
        Assert.Equal(before, (await port.AskAsync()).Serial);
        File.Copy(other.CertFile, _server.CertFile, overwrite: true);
        Assert.NotEqual(before, (await port.AskAsync()).Serial);
    }

    [Fact]
    public async Task ClientCertificate_Verified_NamesTheClient()
    {
        await using var port = await SecuredPort.StartAsync(Mutual);
        Assert.Equal("alice", (await port.AskAsync(_authority.Issue("alice", "alice", []))).Name);
    }

    [Fact]
    public async Task ClientCertificate_DemandedByAuthorityAlone_NamesNobody()
    {
        await using var port = await SecuredPort.StartAsync(Mutual with { ClientCertAuth = false });
        Assert.Equal("nobody", (await port.AskAsync(_authority.Issue("alice", "alice", []))).Name);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync());
    }

    [Fact]
    public async Task ClientCertificate_Missing_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Mutual);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync());
        Assert.Equal("tls: client didn't provide a certificate", await port.RefusalAsync());
    }

    [Fact]
    public async Task ClientCertificate_OfAnotherAuthority_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Mutual);
        using var stranger = new TestAuthority(_folder.Path, "stranger");
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(stranger.Issue("mallory", "alice", [])));
        Assert.Contains("signed by unknown authority", await port.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientCertificate_Expired_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Mutual);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(_authority.Issue("late", "alice", [], daysValid: 0.5)));
        Assert.Contains("has expired", await port.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientCertificate_Revoked_IsRefusedFromThenOn()
    {
        var (alice, bob) = (_authority.Issue("alice", "alice", []), _authority.Issue("bob", "bob", []));
        var list = _authority.Revoke("list.pem");
        await using var port = await SecuredPort.StartAsync(Mutual with { CrlFile = list });
        Assert.Equal("alice", (await port.AskAsync(alice)).Name);
        _authority.Revoke("list.pem", alice);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(alice));
        Assert.Equal("transport: certificate serial 01020302 revoked", await port.RefusalAsync());
        Assert.Equal("bob", (await port.AskAsync(bob)).Name);
        File.Delete(list);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(bob));
        Assert.Equal($"open {list}: no such file or directory", await port.RefusalAsync());
    }

    [Fact]
    public async Task CommonName_NotAllowed_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Mutual with { AllowedCns = ["alice", "carol"] });
        Assert.Equal("carol", (await port.AskAsync(_authority.Issue("carol", "carol", []))).Name);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(_authority.Issue("bob", "bob", [])));
        Assert.Contains("common name", await port.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostname_NotAllowed_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Mutual with { AllowedHostnames = ["a.example"] });
        Assert.Equal("x", (await port.AskAsync(_authority.Issue("a", "x", ["a.example"]))).Name);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(_authority.Issue("b", "a.example", ["b.example"])));
        Assert.Contains("host name", await port.RefusalAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Origin_NotInTheCertificate_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Mutual with { ChecksOrigin = true });
        Assert.Equal("x", (await port.AskAsync(_authority.Issue("a", "x", ["127.0.0.1"]))).Name);
        Assert.Equal("x", (await port.AskAsync(_authority.Issue("b", "x", ["localhost"]))).Name);
        Assert.Equal("x", (await port.AskAsync(_authority.Issue("c", "x", []))).Name);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(_authority.Issue("d", "x", ["10.1.2.3"])));
        Assert.Equal("x509: certificate is valid for 10.1.2.3, not 127.0.0.1", await port.RefusalAsync());
    }

    [Fact]
    public async Task Version_BelowTheLeast_IsRefused()
    {
        await using var port = await SecuredPort.StartAsync(Plain with { Protocols = SslProtocols.Tls13 });
        Assert.Equal("nobody", (await port.AskAsync(versions: SslProtocols.Tls13)).Name);
        await Assert.ThrowsAsync<IOException>(() => port.AskAsync(versions: SslProtocols.Tls12));
    }

    [Fact]
    public async Task CipherSuites_Chosen_LeaveThoseOfTls13()
    {
        await using var port = await SecuredPort.StartAsync(Plain with { CipherSuites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"] });
        Assert.Equal("nobody", (await port.AskAsync(versions: SslProtocols.Tls12)).Name);
        Assert.Equal("nobody", (await port.AskAsync(versions: SslProtocols.Tls13)).Name);
    }
}
