using Microsoft.Extensions.Logging;
using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// Returns free space of the data file to the file system: by itself once enough has been spare for some commits, or as far as it goes when asked to.
/// </summary>
internal sealed class SpaceLoop(StateOwner owner, CommitLoop commits, StorageMetrics metrics, TimeProvider time, FatalHandler fatal, ILogger logger)
{
    // Each pass leaves the file shorter or is the last; values that had no gap before them may find one in the next.
    private const int MaxPasses = 8;

    // Until what moved is released, the meta page tells of the shorter file, and the other one does as well.
    private const int CommitsToCut = 3;

    private readonly SpaceMover _mover = new(owner, commits, time);
    private int _isRequested;

    /// <summary>Makes the file as short as it can be, soon.</summary>
    public void Request()
    {
        Volatile.Write(ref _isRequested, 1);
        commits.Committed.Raise();
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        if (owner.Tree.Space is not { } space)
            return;
        try
        {
            while (true)
            {
                if (Interlocked.Exchange(ref _isRequested, 0) != 0)
                    await ReturnAllAsync(space, stopping).ConfigureAwait(false);
                else if (Begin(space) is { } scan)
                    await ReturnSpareAsync(space, scan, stopping).ConfigureAwait(false);
                else
                    await commits.Committed.WaitAsync(stopping).ConfigureAwait(false);
                // Space counts as spare, and the file is cut, some commits later: without writes they have to be asked for.
                if (WantsCommit(space))
                    commits.Applied.Raise();
            }
        }
        catch (Exception exception) when (stopping.IsCancellationRequested && (exception is OperationCanceledException or TreeClosedException))
        {
            // Told to stop; what was moved is as good as what was not.
        }
#pragma warning disable CA1031 // The tree may be half changed, or a page is corrupt (I11).
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fatal.Stop("returning free space of the data file failed", exception);
        }
    }

    private async Task ReturnSpareAsync(ITreeSpace space, ITailScan scan, CancellationToken stopping)
    {
        var (before, started) = (owner.Device.Length, time.GetTimestamp());
        var moved = await _mover.RunAsync(space, scan, stopping).ConfigureAwait(false);
        lock (owner.Lock)
        {
            // Not as far as it should be: the next try waits until there is more to gain.
            if (space.UsedPages > scan.End)
                space.NoteStuck();
        }
        StorageLog.SpaceReturned(logger, moved, before, owner.Device.Length, time.GetElapsedTime(started).TotalMilliseconds);
    }

    private async Task ReturnAllAsync(ITreeSpace space, CancellationToken stopping)
    {
        var (before, started, moved) = (owner.Device.Length, time.GetTimestamp(), 0L);
        metrics.DefragmentsInFlight.Value = 1;
        SetTight(space, true);
        try
        {
            // What earlier changes gave up counts only when it is released.
            await _mover.CommitAsync(stopping).ConfigureAwait(false);
            var used = long.MaxValue;
            for (var pass = 0; pass < MaxPasses && UsedPages(space) < used && Begin(space) is { } scan; pass++)
            {
                used = UsedPages(space);
                moved += await _mover.RunAsync(space, scan, stopping).ConfigureAwait(false);
            }
            for (var i = 0; i < CommitsToCut; i++)
                await _mover.CommitAsync(stopping).ConfigureAwait(false);
        }
        finally
        {
            SetTight(space, false);
            metrics.DefragmentsInFlight.Value = 0;
        }
        metrics.DefragmentSeconds.Observe(time.GetElapsedTime(started).TotalSeconds);
        StorageLog.SpaceReturned(logger, moved, before, owner.Device.Length, time.GetElapsedTime(started).TotalMilliseconds);
    }

    private ITailScan? Begin(ITreeSpace space)
    {
        lock (owner.Lock)
            return space.BeginMoving();
    }

    private long UsedPages(ITreeSpace space)
    {
        lock (owner.Lock)
            return space.UsedPages;
    }

    private bool WantsCommit(ITreeSpace space)
    {
        lock (owner.Lock)
            return space.WantsCommit;
    }

    private void SetTight(ITreeSpace space, bool isTight)
    {
        lock (owner.Lock)
            space.IsTight = isTight;
    }
}
