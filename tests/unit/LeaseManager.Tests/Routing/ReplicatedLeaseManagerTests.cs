using LeaseManager.Client.Replicated;
using LeaseManager.Client.Routing;
using LeaseManager.Contracts;
using LeaseManager.Tests.Fakes;

namespace LeaseManager.Tests.Routing;

/// <summary>Of several managers the active one is found, and found again when another is.</summary>
public sealed class ReplicatedLeaseManagerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, ScriptedManager> _all = new()
    {
        ["http://a"] = new(1), ["http://b"] = new(2) { Mode = Answers.NotActive }, ["http://c"] = new(3) { Mode = Answers.NotActive },
    };

    private readonly ReplicatedLeaseManager _managers;
    private volatile IReadOnlyList<string> _addresses = ["http://a", "http://b"];
    private int _looks;

    public ReplicatedLeaseManagerTests() => _managers = Connect(Patience);

    private ScriptedManager A => _all["http://a"];

    private ScriptedManager B => _all["http://b"];

    private ScriptedManager C => _all["http://c"];

    public ValueTask DisposeAsync() => _managers.DisposeAsync();

    [Fact]
    public async Task AllCalls_OneActive_GoThereWithoutAskingTheOthersAgain()
    {
        Assert.Equal(1, (await _managers.KeepAliveAsync(7, default, default)).TtlSeconds);
        var calls = B.Calls;
        Assert.Equal(1, (await _managers.TimeToLiveAsync(7, default, default)).RemainingSeconds);
        Assert.Equal([1L], (await _managers.ListAsync(default, default)).Ids);
        Assert.Equal(1, (await _managers.KeepAliveAsync(7, default, default)).TtlSeconds);
        Assert.Equal(calls, B.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_ActiveOneGoesAndNobodyFollowsAtOnce_AnsweredByTheNext(bool frozen)
    {
        await _managers.KeepAliveAsync(7, default, default);
        A.Mode = frozen ? Answers.Never : Answers.NotActive;
        var asked = _managers.TimeToLiveAsync(7, default, default).AsTask();
        await UntilAsync(() => B.Calls > 5);
        Assert.False(asked.IsCompleted);
        B.Mode = Answers.AtOnce;
        Assert.Equal(2, (await asked.WaitAsync(Patience)).RemainingSeconds);
        Assert.Equal(2, (await _managers.KeepAliveAsync(7, default, default).AsTask().WaitAsync(Patience)).TtlSeconds);
    }

    [Fact]
    public async Task Calls_ManagerAddedLater_FoundByItsName()
    {
        A.Mode = Answers.NotActive;
        var asked = _managers.KeepAliveAsync(7, default, default).AsTask();
        await UntilAsync(() => B.Calls > 1);
        C.Mode = Answers.AtOnce;
        _addresses = ["http://c", "http://b"];
        Assert.Equal(3, (await asked.WaitAsync(Patience)).TtlSeconds);
        Assert.True(A.IsDisposed);
    }

    [Fact]
    public async Task Calls_NameUnknownForAMoment_LookedForWhereTheyWere()
    {
        await _managers.KeepAliveAsync(7, default, default);
        _addresses = [];
        A.Mode = Answers.NotActive;
        var looks = Volatile.Read(ref _looks);
        var asked = _managers.KeepAliveAsync(7, default, default).AsTask();
        await UntilAsync(() => Volatile.Read(ref _looks) > looks);
        B.Mode = Answers.AtOnce;
        Assert.Equal(2, (await asked.WaitAsync(Patience)).TtlSeconds);
    }

    [Fact]
    public async Task KeepAlive_NobodyActiveForTooLong_NotActive()
    {
        A.Mode = Answers.NotActive;
        await using var impatient = Connect(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(async () => await impatient.KeepAliveAsync(7, default, default));
    }

    [Fact]
    public async Task KeepAlive_CallerGivesUp_CanceledAndTheSearchGoesOn()
    {
        A.Mode = Answers.NotActive;
        using var cancellation = new CancellationTokenSource();
        var givenUp = _managers.KeepAliveAsync(7, default, cancellation.Token).AsTask();
        var other = _managers.KeepAliveAsync(7, default, default).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        A.Mode = Answers.AtOnce;
        Assert.Equal(1, (await other.WaitAsync(Patience)).TtlSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("dns:///")]
    [InlineData("dns:///a:1/b")]
    [InlineData("http://a:1,b c")]
    public void Parse_NoAddress_SaysWhatIsExpected(string text) =>
        Assert.Contains("dns:///host:port", Assert.Throws<FormatException>(() => ManagerAddresses.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Parse_NameOrList_Addresses()
    {
        Assert.Equal(["http://a:1", "http://b:2"], await ManagerAddresses.Parse("http://a:1, http://b:2").ResolveAsync(default));
        Assert.Equal(["http://127.0.0.1:80"], await ManagerAddresses.Parse("dns:///127.0.0.1:80").ResolveAsync(default));
        Assert.Equal("http://a:1", ManagerAddresses.Parse("http://a:1").Single);
        Assert.Null(ManagerAddresses.Parse("dns:///a:1").Single);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(1, deadline.Token);
    }

    private ReplicatedLeaseManager Connect(TimeSpan callTimeout) => new(
        _ =>
        {
            Interlocked.Increment(ref _looks);
            return new(_addresses);
        },
        address => _all[address], new RoutedLeaseManagerOptions { Attempt = TimeSpan.FromMilliseconds(50), CallTimeout = callTimeout });
}
