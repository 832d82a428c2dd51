using Storage.Core.State;
using Storage.Host.Service;
using Storage.Tests.Harness;

namespace Storage.Tests.Host;

/// <summary>Goal: work in the background does not come between an apply and the lock. Method: an apply that is made to wait, and the end of a rest.</summary>
public sealed class BackgroundPaceTests
{
    private readonly StateOwner _owner;

    public BackgroundPaceTests()
    {
        var replica = new Harness.Replica();
        _owner = new StateOwner(replica.Machine, replica.Tree, new NullDevice(), new PublishedState(replica.Machine.Freeze()), TimeProvider.System);
    }

    [Fact]
    public async Task Rest_AnApplyWaits_LastsUntilItHasTheLock()
    {
        using var holds = new ManualResetEventSlim();
        using var letGo = new ManualResetEventSlim();
        var holder = Task.Factory.StartNew(() => HoldUntil(holds, letGo), TaskCreationOptions.LongRunning);
        holds.Wait();
        var apply = Task.Factory.StartNew(Apply, TaskCreationOptions.LongRunning);
        SpinWait.SpinUntil(() => _owner.IsApplyWaiting);

        var rest = new BackgroundPace(_owner, TimeProvider.System).RestAsync(TimeSpan.Zero, default).AsTask();
        for (var i = 0; i < 100; i++)
            await Task.Yield();
        Assert.False(rest.IsCompleted);
        letGo.Set();
        await Task.WhenAll(holder, apply, rest).WaitAsync(StorageContractTests.Patience);
        Assert.False(_owner.IsApplyWaiting);
    }

    [Fact]
    public async Task Rest_AfterAnApply_IsLongerThanTheWork()
    {
        var pace = new BackgroundPace(_owner, TimeProvider.System);
        Apply();
        var began = TimeProvider.System.GetTimestamp();
        await pace.RestAsync(TimeSpan.FromMilliseconds(20), default);
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(55));
    }

    [Fact]
    public async Task Rest_ToldToStop_Ends()
    {
        using var stopping = new CancellationTokenSource();
        await stopping.CancelAsync();
        Apply();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await new BackgroundPace(_owner, TimeProvider.System).RestAsync(TimeSpan.FromHours(1), stopping.Token));
    }

    private void HoldUntil(ManualResetEventSlim holds, ManualResetEventSlim letGo)
    {
        lock (_owner.Lock)
        {
            holds.Set();
            letGo.Wait();
        }
    }

    private void Apply()
    {
        using (_owner.EnterApply())
            Assert.True(_owner.Lock.IsHeldByCurrentThread);
    }
}
