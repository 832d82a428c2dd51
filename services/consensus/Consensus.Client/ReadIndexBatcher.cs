using Consensus.Contracts;

namespace Consensus.Client;

/// <summary>
/// One read index call in flight serves all readers that were waiting when it was sent. A reader that comes later must
/// not share it, for it might not cover a write acknowledged in between: it shares the next one.
/// </summary>
/// <param name="ask">One call, bounded in time. Whatever it throws, its readers get; anything but the contract's as <see cref="NoLeaderException"/>.</param>
internal sealed class ReadIndexBatcher(Func<ValueTask<ReadIndex>> ask)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<ReadIndex>? _next;
    private bool _isRunning;

    public async ValueTask<ReadIndex> NextAsync(CancellationToken cancellation)
    {
        TaskCompletionSource<ReadIndex> mine;
        var start = false;
        lock (_gate)
        {
            mine = _next ??= new TaskCompletionSource<ReadIndex>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isRunning)
                start = _isRunning = true;
        }
        if (start)
            _ = RunAsync();
        return await mine.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Calls as long as somebody waits. Never throws: each outcome goes to those who wait for it.</summary>
    private async Task RunAsync()
    {
        while (true)
        {
            TaskCompletionSource<ReadIndex> waiting;
            lock (_gate)
            {
                if (_next is null)
                {
                    _isRunning = false;
                    return;
                }
                waiting = _next;
                _next = null;
            }
            try
            {
                waiting.SetResult(await ask().ConfigureAwait(false));
            }
            catch (NoLeaderException e)
            {
                waiting.SetException(e);
            }
            catch (Exception e)
            {
                // For example a disposed channel.
                waiting.SetException(new NoLeaderException($"consensus cannot be called: {e.Message}"));
            }
            // Everybody may have given up meanwhile; that is no unobserved failure.
            _ = waiting.Task.Exception;
        }
    }
}
