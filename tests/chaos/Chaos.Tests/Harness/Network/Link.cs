namespace Chaos.Tests.Harness.Network;

/// <summary>Everything that flows from one member to another, on whichever connections: open, cut or slow.</summary>
public sealed class Link
{
    private volatile TaskCompletionSource? _cut;
    private long _delayTicks;

    public bool IsOpen => _cut is null;

    /// <summary>What is sent arrives this much later, in order.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    /// <summary>Nothing arrives until <see cref="Open"/>; what is sent meanwhile waits, as TCP sends again what got lost.</summary>
    public void Cut() => _cut ??= new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        var cut = _cut;
        _cut = null;
        cut?.SetResult();
    }

    public async Task WhenOpenAsync(CancellationToken cancellation)
    {
        while (_cut is { } cut)
            await cut.Task.WaitAsync(cancellation);
    }
}
