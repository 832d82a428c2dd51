using Consensus.Contracts;
using LeaseManager.Client.Routing;
using LeaseManager.Contracts;
using LeaseManager.Tests.Fakes;

namespace LeaseManager.Tests.Routing;

/// <summary>Where calls go, and that they survive a move of the leadership.</summary>
public sealed class RoutedLeaseManagerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ScriptedManager _local = new(1);
    private readonly Dictionary<string, ScriptedManager> _remotes = new() { ["http://b"] = new(2), ["http://c"] = new(3) };
    private readonly List<string> _connected = [];
    private readonly RoutedLeaseManager _routed;
    private LeaseRoute _route = LeaseRoute.Local;
    private int _asked;

    public RoutedLeaseManagerTests() => _routed = Route(callTimeout: Patience);

    private RoutedLeaseManager Route(TimeSpan callTimeout) => new(
        _local,
        _ =>
        {
            Interlocked.Increment(ref _asked);
            return new(_route);
        },
        address =>
        {
            _connected.Add(address);
            return _remotes[address];
        },
        new RoutedLeaseManagerOptions { Attempt = TimeSpan.FromMilliseconds(50), CallTimeout = callTimeout });

    public ValueTask DisposeAsync() => _routed.DisposeAsync();

    [Fact]
    public async Task KeepAlive_Local_AnswersWithoutWaiting()
    {
        var asked = _routed.KeepAliveAsync(7, default, default);
        Assert.True(asked.IsCompletedSuccessfully);
        Assert.Equal(1, (await asked).TtlSeconds);
        Assert.Empty(_connected);
    }

    [Fact]
    public async Task AllCalls_LeaderElsewhere_GoThereOverOneClient()
    {
        _route = LeaseRoute.At("http://b");
        Assert.Equal(2, (await _routed.KeepAliveAsync(7, default, default)).TtlSeconds);
        Assert.Equal(2, (await _routed.TimeToLiveAsync(7, default, default)).RemainingSeconds);
        Assert.Equal([2L], (await _routed.ListAsync(default, default)).Ids);
        Assert.Equal(["http://b"], _connected);
    }

    [Fact]
    public async Task KeepAlive_NotActiveThenMoved_AsksAgainAtTheNewLeader()
    {
        _local.Mode = Answers.NotActive;
        var asked = _routed.KeepAliveAsync(7, default, default).AsTask();
        await UntilAsync(() => _asked > 3);
        Assert.False(asked.IsCompleted);
        _route = LeaseRoute.At("http://b");
        Assert.Equal(2, (await asked.WaitAsync(Patience)).TtlSeconds);
    }

    [Fact]
    public async Task KeepAlive_FrozenLeader_GivenUpAndItsClientDisposedAfterTheMove()
    {
        _route = LeaseRoute.At("http://b");
        _remotes["http://b"].Mode = Answers.Never;
        var asked = _routed.KeepAliveAsync(7, default, default).AsTask();
        await UntilAsync(() => _remotes["http://b"].Calls > 0);
        _route = LeaseRoute.At("http://c");
        Assert.Equal(3, (await asked.WaitAsync(Patience)).TtlSeconds);
        Assert.True(_remotes["http://b"].IsDisposed);
    }

    [Fact]
    public async Task TimeToLive_NoLeaderForTooLong_NotActive()
    {
        _route = LeaseRoute.Unknown;
        await using var impatient = Route(callTimeout: TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(async () => await impatient.TimeToLiveAsync(7, default, default));
        Assert.True(_asked > 1);
    }

    [Fact]
    public async Task KeepAlive_CallerGivesUp_Canceled()
    {
        _route = LeaseRoute.Unknown;
        using var cancellation = new CancellationTokenSource();
        var asked = _routed.KeepAliveAsync(7, default, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(1, deadline.Token);
    }
}
