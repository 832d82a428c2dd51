using ApiGateway.Core.Auth;
using ApiGateway.Host.Auth;
using Consensus.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Tests.Auth;

/// <summary>Goal: a token proves who its bearer is to whoever has the key, and nothing else does. Method: tokens as issued, and changed.</summary>
public sealed class TokenTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 32).Select(static n => (byte)n)];
    private static readonly TimeSpan s_ttl = TimeSpan.FromSeconds(300);

    private readonly SettableTime _time = new();

    [Fact]
    public void Simple_IssuedElsewhere_ProvesItsUser()
    {
        var status = Status("hash");
        var token = new SimpleTokens(s_ttl, _time).Issue("Ann.\u00e9", status);
        var here = new SimpleTokens(s_ttl, _time);
        Assert.Equal("Ann.\u00e9", here.UserOf(token));
        var proof = here.Check(token, status);
        Assert.Equal(("Ann.\u00e9", null, _time.GetUtcNow() + s_ttl), (proof!.User, proof.AuthRevision, proof.Ends));
    }

    [Fact]
    public void Simple_AnotherPasswordKeyOrUser_ProvesNothing()
    {
        var tokens = new SimpleTokens(s_ttl, _time);
        var token = tokens.Issue("ann", Status("hash"));
        Assert.Null(tokens.Check(token, Status("another")));
        Assert.Null(tokens.Check(token, Status("hash") with { TokenKey = new byte[32] }));
        Assert.Null(tokens.Check(token, Status("hash") with { TokenKey = default }));
        Assert.Null(tokens.Check(token, Status("hash") with { User = null }));
        Assert.Null(tokens.Check(token, Status("hash") with { User = new AuthStatus.Account("hash"u8.ToArray(), HasNoPassword: true) }));
    }

    [Fact]
    public void Simple_AnyCharacterChanged_ProvesNothing()
    {
        var tokens = new SimpleTokens(s_ttl, _time);
        var (status, token) = (Status("hash"), tokens.Issue("ann", Status("hash")));
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token.Remove(i, 1).Insert(i, token[i] == '1' ? "2" : "1");
            // The last character of the signature has bits to spare, which mean nothing.
            Assert.True(tokens.Check(changed, status) is null || i == token.Length - 1, $"at {i}: {changed}");
            Assert.Null(tokens.Check(token[..i], status));
        }
        foreach (var nonsense in new[] { "", "....", "bad", "a.b.c.d", "abcdefghijklmnop.5", token + ".", "." + token, new string('.', 40_000) })
            Assert.Null(tokens.UserOf(nonsense) is { } ? tokens.Check(nonsense, status) : null);
    }

    [Fact]
    public void Known_Used_LivesOnFromEachUse()
    {
        var known = new KnownTokens(_time);
        Assert.NotNull(known.Add("t", new TokenProof("ann", null, _time.GetUtcNow() + s_ttl, s_ttl), 5));
        for (var i = 0; i < 4; i++)
        {
            _time.Now += s_ttl / 2;
            Assert.Equal(5UL, known.Use("t")!.AuthRevision);
        }
        // Checked again because users have changed: what its uses have given it stays.
        Assert.NotNull(known.Add("t", new TokenProof("ann", null, _time.GetUtcNow() - s_ttl, s_ttl), 6));
        Assert.Equal(6UL, known.Use("t")!.AuthRevision);
        _time.Now += s_ttl;
        Assert.Null(known.Use("t"));
        Assert.Null(known.Add("t", new TokenProof("ann", null, _time.GetUtcNow() - s_ttl, s_ttl), 7));
        Assert.Equal(0, known.Count);
    }

    [Fact]
    public void Known_BoundToItsEnd_IsNotRenewed()
    {
        var known = new KnownTokens(_time);
        known.Add("t", new TokenProof("ann", 3, _time.GetUtcNow() + s_ttl, TimeSpan.Zero), 5);
        _time.Now += s_ttl / 2;
        Assert.NotNull(known.Use("t"));
        _time.Now += s_ttl / 2;
        Assert.Null(known.Use("t"));
    }

    [Fact]
    public void Known_MoreThanThereIsRoomFor_KeepsThoseThatLiveLonger()
    {
        var known = new KnownTokens(_time);
        for (var i = 0; i <= KnownTokens.MaxTokens; i++)
            known.Add($"t{i}", new TokenProof("ann", 1, _time.GetUtcNow() + s_ttl + TimeSpan.FromSeconds(i), TimeSpan.Zero), 1);
        Assert.InRange(known.Count, 1, KnownTokens.MaxTokens);
        Assert.NotNull(known.Use($"t{KnownTokens.MaxTokens}"));
        Assert.Null(known.Use("t0"));
    }

    private static AuthStatus Status(string passwordHash) => new(
        true, 4, s_key, new AuthStatus.Account(System.Text.Encoding.ASCII.GetBytes(passwordHash), HasNoPassword: false), new LogIndex(1), new Term(1), 1);
}

/// <summary>A clock that a test sets.</summary>
internal sealed class SettableTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
