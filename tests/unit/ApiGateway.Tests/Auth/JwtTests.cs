using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using Consensus.Contracts;
using Hosting;
using Storage.Contracts.Auth;

namespace ApiGateway.Tests.Auth;

/// <summary>Goal: JSON web tokens are those of etcd, with each kind of key. Method: tokens made here and by hand, options as the flag has them.</summary>
public sealed class JwtTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("jwt-");
    private readonly SettableTime _time = new();

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    [InlineData("HS256")]
    [InlineData("HS512")]
    public void Token_OfEachKindOfKey_ProvesItsUserUntilItEnds(string method)
    {
        var tokens = Create($"jwt,{Keys(method)},sign-method={method},ttl=90s");
        var token = tokens.Issue("ann", Status(7));
        Assert.Equal("ann", tokens.UserOf(token));
        var proof = tokens.Check(token, Status(9))!;
        Assert.Equal(("ann", 7UL, _time.Now.AddSeconds(90)), (proof.User, proof.AuthRevision, proof.Ends));
        Assert.Null(tokens.Check(token[..^4] + "AAAA", Status(9)));
        _time.Now = _time.Now.AddSeconds(90);
        Assert.Null(tokens.Check(token, Status(9)));
    }

    [Fact]
    public void Token_MadeByEtcd_IsGood()
    {
        // The header and the claims in the order in which etcd's library writes them, and a key as short as etcd allows.
        var secret = Write("secret", "short");
        var content = $"{Base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}")}.{Base64($"{{\"exp\":{_time.Now.ToUnixTimeSeconds() + 60},\"revision\":5,\"username\":\"root\"}}")}";
        var token = $"{content}.{Base64Url.EncodeToString(HMACSHA256.HashData("short"u8, Encoding.ASCII.GetBytes(content)))}";
        var proof = Create($"jwt,priv-key={secret},sign-method=HS256").Check(token, Status(9));
        Assert.Equal(("root", 5UL), (proof!.User, proof.AuthRevision));
        Assert.Null(Create($"jwt,priv-key={secret},sign-method=HS384").Check(token, Status(9)));
        var unsigned = $"{Base64("{\"alg\":\"none\",\"typ\":\"JWT\"}")}.{content.Split('.')[1]}.";
        Assert.Null(Create($"jwt,priv-key={secret},sign-method=HS256").Check(unsigned, Status(9)));
    }

    [Fact]
    public void PublicKeyAlone_ChecksAndDoesNotIssue()
    {
        var keys = Keys("ES256");
        var token = Create($"jwt,{keys},sign-method=ES256").Issue("ann", Status(7));
        var checking = Create($"jwt,{keys.Split(',')[0]},sign-method=ES256");
        Assert.Equal("ann", checking.Check(token, Status(7))!.User);
        Assert.Equal(EtcdError.VerifyOnlyKey, Assert.Throws<RequestFailedException>(() => checking.Issue("ann", Status(7))).Error);
    }

    [Theory]
    [InlineData("", "auth: invalid auth options")]
    [InlineData("nonsense", "auth: invalid auth options")]
    [InlineData("simple,a", "auth: invalid auth options")]
    [InlineData("jwt", "auth: invalid auth options")]
    [InlineData("jwt,sign-method=RS256", "auth: missing key data")]
    [InlineData("jwt,sign-method=RS256,sign-method=RS256", "auth: invalid auth options")]
    [InlineData("jwt,priv-key=/nowhere,sign-method=RS256", "auth: invalid auth options")]
    public void Options_ThatCannotBeUsed_AreRefused(string specification, string message) =>
        Assert.StartsWith(message, Assert.Throws<ConfigurationException>(() => TokenFactory.Require(specification)).Message, StringComparison.Ordinal);

    [Fact]
    public void Keys_OfDifferentPairs_AreRefused()
    {
        var (one, other) = (Keys("ES256").Split(','), Keys("ES256").Split(','));
        Assert.Equal(
            "auth: public and private keys don't match",
            Assert.Throws<ConfigurationException>(() => TokenFactory.Require($"jwt,{one[0]},{other[1]},sign-method=ES256")).Message);
        Assert.Throws<ConfigurationException>(() => TokenFactory.Require($"jwt,{one[0]},sign-method=ES256,ttl=nonsense"));
        Assert.Throws<ConfigurationException>(() => TokenFactory.Require($"jwt,{one[0]},sign-method=EdDSA"));
    }

    private ITokens Create(string specification) => TokenFactory.Create(specification, TimeSpan.FromSeconds(300), _time);

    private string Keys(string method)
    {
        if (method.StartsWith("HS", StringComparison.Ordinal))
            return $"priv-key={Write("secret", "correct horse battery staple")}";
        using AsymmetricAlgorithm key = method.StartsWith("ES", StringComparison.Ordinal) ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        return $"pub-key={Write("public", key.ExportSubjectPublicKeyInfoPem())},priv-key={Write("private", key.ExportPkcs8PrivateKeyPem())}";
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, $"{name}-{Guid.NewGuid():n}");
        File.WriteAllText(path, content);
        return path;
    }

    private static string Base64(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static AuthStatus Status(ulong revision) => new(true, revision, default, null, new LogIndex(1), new Term(1), 1);
}
