using LeaseManager.Contracts;
using LeaseManager.Host;
using LeaseManager.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;

namespace LeaseManager.Tests.Leadership;

/// <summary>Two managers that nobody elects, on one fake log and a clock that the test moves.</summary>
#pragma warning disable CA1001 // The test runner disposes through IAsyncLifetime.
public sealed class StandbyTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(20));
    private readonly FakeCluster _cluster;
    private readonly LeaseManagerService _one;
    private readonly LeaseManagerService _two;

    public StandbyTests()
    {
        _cluster = new FakeCluster(_time);
        _one = Make("one");
        _two = Make("two");
    }

    public async Task InitializeAsync()
    {
        await _one.StartAsync(_deadline.Token);
        await UntilAsync(() => _one.IsActive);
    }

    public async Task DisposeAsync()
    {
        // Who stops gives its claim up, and waits for that on a clock that stands still.
        _cluster.Swallows = null;
        await _one.StopAsync(CancellationToken.None);
        await _two.StopAsync(CancellationToken.None);
        _one.Dispose();
        _two.Dispose();
        _deadline.Dispose();
    }

    [Fact]
    public async Task Second_FirstHoldsTheClaim_StandsByAndSaysSo()
    {
        await StartSecondAsync();
        Assert.Equal(1UL, _cluster.Epoch);
        Assert.True(_one.IsActive);
        Assert.False(_two.IsActive);
        Assert.True(_two.StandsBy);
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(async () => await KeepAliveAsync(_two));
    }

    [Fact]
    public async Task First_Stops_ItsClaimIsGivenUpAndTheSecondTakesOverAtOnce()
    {
        _cluster.Grant(7, 10);
        await StartSecondAsync();
        await _one.StopAsync(_deadline.Token);
        await UntilAsync(() => _two.IsActive);
        Assert.Equal(2UL, _cluster.Epoch);
        Assert.Equal(TimeSpan.Zero, _time.GetElapsedTime(0));
        Assert.Equal(10, (await KeepAliveAsync(_two)).TtlSeconds);
    }

    [Fact]
    public async Task First_FallsSilentAndHearsNothing_TheSecondTakesOverAndNoLeaseEndsEarly()
    {
        _cluster.Grant(7, 2);
        await StartSecondAsync();
        Assert.Equal(2, (await KeepAliveAsync(_one)).TtlSeconds);
        _cluster.Swallows = CommandKind.LeaseHold;
        _cluster.HoldFeedOf(0, _cluster.Index);
        await UntilAsync(() => _two.IsActive, TimeSpan.FromMilliseconds(50));
        // No sooner than the silence that it has to wait for.
        var takenOver = _time.GetElapsedTime(0);
        Assert.True(takenOver >= TimeSpan.FromSeconds(1));
        await UntilAsync(() => !_cluster.HasLease(7), TimeSpan.FromMilliseconds(50));
        Assert.True(_cluster.EndedAt[7] >= takenOver + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task First_IsFencedByAMistake_StandsByAndTakesOverWhenTheSecondStops()
    {
        await StartSecondAsync();
        _cluster.Swallows = CommandKind.LeaseHold;
        await UntilAsync(() => _two.IsActive, TimeSpan.FromMilliseconds(50));
        _cluster.Swallows = null;
        var claim = _cluster.Claim;
        _cluster.Break(); // What was swallowed is proposed again: as ever when the way of proposals was broken.
        await UntilAsync(() => !_one.IsActive && _cluster.Claim.HeldAt > claim.HeldAt, TimeSpan.FromMilliseconds(10));
        await _two.StopAsync(_deadline.Token);
        await UntilAsync(() => _one.IsActive, TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task KeepAlive_CheckpointStands_ForgottenBeforeTheAnswer()
    {
        await GrantAndCheckpointAsync();
        Assert.InRange(_cluster.RemainingOf(7), 3000, 3300);
        Assert.Equal(3600, (await KeepAliveAsync(_one)).TtlSeconds);
        Assert.Equal(0, _cluster.RemainingOf(7));
    }

    [Fact]
    public async Task KeepAlive_CheckpointStandsAndTheClaimIsLost_NotActive()
    {
        await GrantAndCheckpointAsync();
        _cluster.Swallows = CommandKind.LeaseCheckpoints;
        var asked = KeepAliveAsync(_one);
        _cluster.ClaimByAnother();
        await Assert.ThrowsAsync<LeaseManagerNotActiveException>(() => asked);
    }

    [Fact]
    public async Task Handover_CheckpointedLease_GoesOnWithWhatWasLeft()
    {
        await GrantAndCheckpointAsync();
        var left = _cluster.RemainingOf(7);
        await _one.StopAsync(_deadline.Token);
        await _two.StartAsync(_deadline.Token);
        await UntilAsync(() => _two.IsActive);
        Assert.Equal(left, (await _two.TimeToLiveAsync(7, _cluster.Index, _deadline.Token)).RemainingSeconds);
    }

    private LeaseManagerService Make(string name) => new(
        _cluster, _cluster, null, new LeaseManagerOptions { Name = name }, _time, NullLogger<LeaseManagerService>.Instance);

    private async Task StartSecondAsync()
    {
        await _two.StartAsync(_deadline.Token);
        await UntilAsync(() => _cluster.Claim.StandbyAt.Value != 0);
    }

    /// <summary>
    /// A lease of an hour, of which a checkpoint was made. The clock stops before the next would be due: however long the manager takes to be given a processor, for it no more time goes by.
    /// </summary>
    private async Task GrantAndCheckpointAsync()
    {
        await _one.TimeToLiveAsync(7, _cluster.Grant(7, 3600), _deadline.Token);
        var last = TimeSpan.FromSeconds(590);
        await UntilAsync(() => _cluster.Checkpoints.Count == 1, () => _time.GetElapsedTime(0) < last ? TimeSpan.FromSeconds(10) : TimeSpan.Zero);
    }

    private Task<KeepAliveResult> KeepAliveAsync(LeaseManagerService manager) => manager.KeepAliveAsync(7, _cluster.Index, _deadline.Token).AsTask();

    private Task UntilAsync(Func<bool> condition, TimeSpan step = default) => UntilAsync(condition, () => step);

    private async Task UntilAsync(Func<bool> condition, Func<TimeSpan> step)
    {
        while (!condition())
        {
            if (step() is { Ticks: > 0 } by)
                _time.Advance(by);
            await Task.Delay(1, _deadline.Token);
        }
    }
}
