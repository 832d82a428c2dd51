namespace Storage.Host.Grpc;

/// <summary>When the next sign of life is due on a stream that has nothing to say. For one stream.</summary>
internal sealed class Beats(TimeSpan interval, TimeProvider time) : IDisposable
{
    private readonly PeriodicTimer _timer = new(interval, time);

    // Kept until it completes, however many messages go out meanwhile: a busy stream sets no timers.
    private Task? _tick;

    /// <summary>Waits for the work; true when a beat is due before it is done.</summary>
    public async ValueTask<bool> IsDueBeforeAsync(Task work)
    {
        var tick = _tick ??= _timer.WaitForNextTickAsync().AsTask();
        await Task.WhenAny(work, tick).ConfigureAwait(false);
        if (!tick.IsCompleted)
            return false;
        _tick = null;
        return !work.IsCompleted;
    }

    public void Dispose() => _timer.Dispose();
}
