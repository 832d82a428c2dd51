using Storage.Contracts;

namespace Storage.Host.Snapshots;

/// <summary>One snapshot on its way from a peer. A peer that is silent too long ends it, whether it heeds its cancellation or not.</summary>
internal sealed class SnapshotTransfer : IAsyncDisposable
{
    private readonly TimeSpan _silenceLimit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended;
    private readonly IAsyncEnumerator<SnapshotChunk> _chunks;
    private Task<bool> _next = Task.FromResult(true);

    public SnapshotTransfer(IStorage peer, TimeSpan silenceLimit, TimeProvider time, CancellationToken cancellation)
    {
        _silenceLimit = silenceLimit;
        _time = time;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _chunks = peer.SnapshotAsync(_ended.Token).GetAsyncEnumerator(_ended.Token);
    }

    public SnapshotChunk Current => _chunks.Current;

    /// <exception cref="SnapshotAbortedException">Nothing came for too long.</exception>
    public async ValueTask<bool> MoveNextAsync()
    {
        _next = _chunks.MoveNextAsync().AsTask();
        try
        {
            return await _next.WaitAsync(_silenceLimit, _time, _ended.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new SnapshotAbortedException($"the peer sent nothing for {_silenceLimit}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        // An enumerator may be disposed only when it is at rest. One that is not is left behind: nobody waits for a peer that hangs.
        if (_next.IsCompleted)
            await ReleaseAsync().ConfigureAwait(false);
        else
            _ = ReleaseAsync();
    }

    private async Task ReleaseAsync()
    {
        await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        await _chunks.DisposeAsync().ConfigureAwait(false);
        _ended.Dispose();
    }
}
