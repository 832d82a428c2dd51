using WatchHub.Client.Sessions;

namespace WatchHub.Tests.Hubs;

/// <summary>Who gives requests waits while those on their way are many or long, and no longer.</summary>
public sealed class RequestRoomTests
{
    private readonly RequestRoom _room = new(maxRequests: 2, maxBytes: 10);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 10)]
    public async Task Wait_ManyOrLong_UntilOneHasArrived(long first, long second)
    {
        _room.Add(first);
        Assert.True(_room.WaitAsync(default).AsTask().IsCompletedSuccessfully);
        _room.Add(second);
        var (one, other) = (_room.WaitAsync(default).AsTask(), _room.WaitAsync(default).AsTask());
        Assert.False(_room.HasRoom || one.IsCompleted || other.IsCompleted);
        _room.Remove(second);
        await Task.WhenAll(one, other);
        Assert.True(_room.HasRoom);
    }

    [Fact]
    public async Task Wait_SessionEnds_IsOver()
    {
        _room.Add(100);
        var waiting = _room.WaitAsync(default).AsTask();
        _room.End();
        await waiting;
        _room.Add(100);
        Assert.True(_room.HasRoom);
    }

    [Fact]
    public async Task Wait_CallerGivesUp_Canceled()
    {
        _room.Add(100);
        using var cancellation = new CancellationTokenSource();
        var waiting = _room.WaitAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
