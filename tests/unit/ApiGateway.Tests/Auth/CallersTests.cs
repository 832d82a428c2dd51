using ApiGateway.Core.Errors;
using ApiGateway.Host;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Tests.Fakes;
using Consensus.Contracts;
using Hosting.Tls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Tests.Auth;

/// <summary>
/// Goal: a request goes on behalf of whoever it proves to be, and again when users have changed meanwhile. Method: a storage that says what it is told to, and notes
/// who asked.
/// </summary>
public sealed class CallersTests : IDisposable
{
    private static readonly byte[] s_key = new byte[32];

    private readonly FakeCluster _cluster = new();
    private readonly SettableTime _time = new();
    private readonly List<Caller> _asked = [];
    private readonly ClusterView _view;
    private readonly SimpleTokens _simple;
    private ulong _revision = 4;
    private string _hash = "hash";
    private bool _isEnabled = true;

    public CallersTests()
    {
        _view = new ClusterView(_cluster, new GatewayOptions(), TimeProvider.System, NullLogger<ClusterView>.Instance);
        _simple = new SimpleTokens(TimeSpan.FromSeconds(300), _time);
        _cluster.OnAuth = (user, _) => Status(user);
        // As the state machine decides it.
        _cluster.OnAuthorize = (_, caller) =>
        {
            _asked.Add(caller);
            return !_isEnabled ? StorageError.None
                : caller.Kind == CallerKind.Anonymous ? StorageError.UserEmpty
                : caller.AuthRevision < _revision ? StorageError.AuthRevisionOld : StorageError.None;
        };
    }

    public void Dispose() => _view.Dispose();

    [Fact]
    public async Task Request_WithoutAnything_IsAnonymousAndAsksNothingElse()
    {
        _isEnabled = false;
        _cluster.OnAuth = (_, _) => throw new InvalidOperationException("nobody needs to know");
        await Require(Gateway(_simple), Request());
        Assert.Equal([Caller.Anonymous], _asked);
    }

    [Fact]
    public async Task Token_Good_IsLookedAtOnce()
    {
        var (gateway, looks) = (Gateway(_simple), 0);
        _cluster.OnAuth = (user, _) =>
        {
            looks++;
            return Status(user);
        };
        var token = _simple.Issue("ann", Status("ann"));
        for (var i = 0; i < 3; i++)
            await Require(gateway, Request(("token", token)));
        await Require(gateway, Request(("authorization", token)));
        Assert.Equal(1, looks);
        Assert.All(_asked, caller => Assert.Equal(Caller.Of("ann", 4), caller));
    }

    [Fact]
    public async Task Token_AfterUsersChanged_GoesAgainAsOfNow()
    {
        var gateway = Gateway(_simple);
        var token = _simple.Issue("ann", Status("ann"));
        await Require(gateway, Request(("token", token)));
        _revision = 6;
        await Require(gateway, Request(("token", token)));
        Assert.Equal([Caller.Of("ann", 4), Caller.Of("ann", 4), Caller.Of("ann", 6)], _asked);
    }

    [Fact]
    public async Task Token_AfterThePasswordChanged_ProvesNothing()
    {
        var gateway = Gateway(_simple);
        var token = _simple.Issue("ann", Status("ann"));
        await Require(gateway, Request(("token", token)));
        (_revision, _hash) = (5, "another");
        Assert.Equal(EtcdError.InvalidAuthToken, await Refusal(gateway, Request(("token", token))));
        Assert.Equal(EtcdError.InvalidAuthToken, await Refusal(gateway, Request(("token", token))));
    }

    [Fact]
    public async Task Token_OfAnotherGateway_IsLookedAtAgainWhereTheLogIs()
    {
        var token = _simple.Issue("ann", Status("ann"));
        // The replica that is asked first has not heard of the password yet.
        _cluster.OnAuth = (user, atLeast) => atLeast.Value < 1 ? Status(user) with { User = null } : Status(user);
        await Require(Gateway(_simple), Request(("token", token)));
        Assert.Equal([Caller.Of("ann", 4)], _asked);
    }

    [Fact]
    public async Task Token_WhileNobodyHasToLogIn_SaysNothingAndThenItDoes()
    {
        var gateway = Gateway(_simple);
        var token = _simple.Issue("ann", Status("ann"));
        _isEnabled = false;
        await Require(gateway, Request(("token", "nonsense")));
        Assert.Equal([Caller.Anonymous], _asked);
        // Switched on between the look and the question.
        _cluster.OnAuth = (user, _) =>
        {
            var status = Status(user);
            _isEnabled = true;
            return status;
        };
        _asked.Clear();
        await Require(gateway, Request(("token", token)));
        Assert.Equal([Caller.Anonymous, Caller.Of("ann", 4)], _asked);
    }

    [Fact]
    public async Task Certificate_WithoutAToken_IsItsCommonName()
    {
        var gateway = Gateway(_simple);
        await Require(gateway, Certified("ann"));
        _revision = 5;
        await Require(gateway, Certified("ann"));
        Assert.Equal([Caller.Of("ann", 4), Caller.Of("ann", 4), Caller.Of("ann", 5)], _asked);
        Assert.Equal(EtcdError.UserEmpty, await Refusal(gateway, Certified("")));
        var both = Certified("ann");
        both.Request.Headers["token"] = "nonsense";
        Assert.Equal(EtcdError.InvalidAuthToken, await Refusal(gateway, both));
    }

    [Fact]
    public async Task BoundToken_OfAnOlderRevision_IsRefusedForKeysAndGoodForAdministration()
    {
        var gateway = Gateway(new BoundTokens(3));
        Assert.Equal(EtcdError.AuthRevisionOld, await Refusal(gateway, Request(("token", "ann"))));
        Assert.Equal([Caller.Of("ann", 3)], _asked);
        _asked.Clear();
        await Require(gateway, Request(("token", "ann")), AccessRequest.Admin);
        _revision = 9;
        await Require(gateway, Request(("token", "ann")), AccessRequest.Admin);
        Assert.Equal([Caller.Of("ann", 4), Caller.Of("ann", 4), Caller.Of("ann", 9)], _asked);
    }

    [Fact]
    public async Task Users_ThatChangeAllTheTime_EndInTheErrorOfIt()
    {
        var gateway = Gateway(_simple);
        var token = _simple.Issue("ann", Status("ann"));
        _cluster.OnAuthorize = (_, caller) =>
        {
            _asked.Add(caller);
            return StorageError.AuthRevisionOld;
        };
        Assert.Equal(EtcdError.AuthRevisionOld, await Refusal(gateway, Request(("token", token))));
        Assert.Equal(5, _asked.Count);
    }

    private Callers Gateway(ITokens tokens)
    {
        var options = new GatewayOptions();
        return new Callers(
            _cluster, tokens, new KnownTokens(_time), _view, new ReadBarrier(_cluster, options, TimeProvider.System), options, TimeProvider.System,
            NullLogger<Callers>.Instance);
    }

    private AuthStatus Status(string user) => new(
        _isEnabled, _revision, s_key, user == "ann" ? new AuthStatus.Account(System.Text.Encoding.ASCII.GetBytes(_hash), false) : null, new LogIndex(1), new Term(1), 1);

    private static Task Require(Callers gateway, HttpContext request, AccessRequest? access = null) =>
        gateway.RequireAsync(request, access ?? AccessRequest.AnyUser, CancellationToken.None).AsTask();

    private static async Task<EtcdError> Refusal(Callers gateway, HttpContext request) =>
        (await Assert.ThrowsAsync<RequestFailedException>(() => Require(gateway, request))).Error;

    private static DefaultHttpContext Request(params (string Name, string Value)[] headers)
    {
        var request = new DefaultHttpContext();
        foreach (var (name, value) in headers)
            request.Request.Headers[name] = value;
        return request;
    }

    private static DefaultHttpContext Certified(string commonName)
    {
        var request = new DefaultHttpContext();
        request.Features.Set(new ClientIdentity(commonName));
        return request;
    }

    /// <summary>Whoever says a name has it, as of one revision.</summary>
    private sealed class BoundTokens(ulong revision) : ITokens
    {
        public bool NeedsReplicatedKey => false;

        public string Issue(string user, AuthStatus status) => user;

        public string? UserOf(string token) => token;

        public TokenProof? Check(string token, AuthStatus status) => new(token, revision, DateTimeOffset.MaxValue, TimeSpan.Zero);
    }
}
