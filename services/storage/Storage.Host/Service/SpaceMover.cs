using Storage.Core.Tree;

namespace Storage.Host.Service;

/// <summary>
/// Empties the end of the data file. The file is looked through without the owner's lock; each move holds it for a fraction of a millisecond. Not for
/// several callers at once.
/// </summary>
internal sealed class SpaceMover(StateOwner owner, CommitLoop commits, TimeProvider time)
{
    // A step of the scan.
    private const int MaxPagesPerScan = 512;

    // What is copied under the lock at a time: 128 KiB, or one leaf with its values when that is more.
    private const int MaxPagesPerTurn = 32;

    // What is moved between two commits: 2 MiB, so that the log's syncs do not wait behind a long one of these.
    private const int MaxPagesPerCommit = 512;

    private readonly BackgroundPace _pace = new(owner, time);
    private readonly List<LeafPlace> _found = [];
    private int _pagesSinceCommit;

    /// <summary>Moves what a scan finds, and commits it.</summary>
    /// <returns>Pages written anew.</returns>
    public async Task<long> RunAsync(ITreeSpace space, ITailScan scan, CancellationToken stopping)
    {
        var moved = 0L;
        while (!scan.IsDone)
        {
            stopping.ThrowIfCancellationRequested();
            _found.Clear();
            var started = time.GetTimestamp();
            scan.Step(MaxPagesPerScan, _found);
            // A file that is not in memory is read from the disk, which others want as well.
            await Task.Delay(time.GetElapsedTime(started), time, stopping).ConfigureAwait(false);
            for (var next = 0; next < _found.Count;)
            {
                stopping.ThrowIfCancellationRequested();
                var (pages, hasRoom, worked) = MoveSome(space, scan.End, ref next);
                moved += pages;
                _pagesSinceCommit += pages;
                if (hasRoom && _pagesSinceCommit < MaxPagesPerCommit)
                {
                    await _pace.RestAsync(worked, stopping).ConfigureAwait(false);
                    continue;
                }
                var isStuck = !hasRoom && _pagesSinceCommit == 0;
                await CommitAndRestAsync(stopping).ConfigureAwait(false);
                // Nothing was moved since the last commit, so this one released nothing that would make room.
                if (isStuck)
                    return moved;
            }
        }
        await CommitAndRestAsync(stopping).ConfigureAwait(false);
        return moved;
    }

    /// <summary>Completes when a commit that begins after this call is durable; does not wait for the interval.</summary>
    public async Task CommitAsync(CancellationToken stopping)
    {
        long wanted;
        lock (owner.Lock)
            wanted = commits.Begun + 1;
        commits.Urgent.Raise();
        commits.Applied.Raise();
        while (commits.Completed < wanted)
            await commits.Committed.WaitAsync(stopping).ConfigureAwait(false);
        _pagesSinceCommit = 0;
    }

    // Half of the disk's time is left to others.
    private async Task CommitAndRestAsync(CancellationToken stopping)
    {
        var started = time.GetTimestamp();
        await CommitAsync(stopping).ConfigureAwait(false);
        await Task.Delay(time.GetElapsedTime(started), time, stopping).ConfigureAwait(false);
    }

    private (int Pages, bool HasRoom, TimeSpan Worked) MoveSome(ITreeSpace space, long end, ref int next)
    {
        var pages = 0;
        lock (owner.Lock)
        {
            var started = time.GetTimestamp();
            for (; next < _found.Count && pages < MaxPagesPerTurn; next++)
            {
                var moved = space.Move(_found[next], end);
                if (moved < 0)
                    return (pages, false, time.GetElapsedTime(started));
                pages += moved;
            }
            return (pages, true, time.GetElapsedTime(started));
        }
    }
}
