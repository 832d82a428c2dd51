using Grpc.Core;

namespace Storage.Host.Grpc;

/// <summary>When the next sign of life is due on a stream that has nothing to say. For one stream.</summary>
/// <param name="interval">Between two.</param>
/// <param name="time">Their clock.</param>
/// <param name="isCutOff">True while the replica cannot know whether it has something to say.</param>
internal sealed class Beats(TimeSpan interval, TimeProvider time, Func<bool> isCutOff) : IDisposable
{
    private readonly PeriodicTimer _timer = new(interval, time);

    // Kept until it completes, however many messages go out meanwhile: a busy stream sets no timers.
    private Task? _tick;

    /// <exception cref="RpcException">The replica is cut off: the client is sent to another one.</exception>
    public static void RefuseIf(bool isCutOff)
    {
        if (isCutOff)
            throw new RpcException(new Status(StatusCode.Unavailable, "the storage replica is cut off from the log"));
    }

    /// <summary>Waits for the work; true when a beat is due before it is done.</summary>
    /// <exception cref="RpcException">One is due, and the replica is cut off.</exception>
    public async ValueTask<bool> IsDueBeforeAsync(Task work)
    {
        var tick = _tick ??= _timer.WaitForNextTickAsync().AsTask();
        await Task.WhenAny(work, tick).ConfigureAwait(false);
        if (!tick.IsCompleted)
            return false;
        _tick = null;
        if (work.IsCompleted)
            return false;
        RefuseIf(isCutOff());
        return true;
    }

    public void Dispose() => _timer.Dispose();
}
