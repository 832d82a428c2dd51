using Storage.Contracts;

namespace WatchHub.Host.Spaces;

/// <summary>Pulls a key space's feed into its hub, for ever: reopened after the last revision when it breaks (I6).</summary>
internal sealed class FeedPump(KeySpace space, IStorage storage, HubSpace hub, WatchHubOptions options, TimeProvider time, ILogger logger)
{
    // Everything up to it is in the hub.
    private long _fed;

    // When the feed broke that has not come back yet; 0 while there is one.
    private long _brokenSince;

    /// <summary>The feed is there, or has not been away for long.</summary>
    public bool IsFollowing =>
        Started.Task.IsCompletedSuccessfully
        && (Volatile.Read(ref _brokenSince) is var since && (since == 0 || time.GetElapsedTime(since) < options.CutOffAfter));

    /// <summary>Completes once the hub knows where it starts, so that "current" means something to a new watch.</summary>
    public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task RunAsync(CancellationToken stopping)
    {
        var retry = new Backoff(options, time);
        while (!stopping.IsCancellationRequested)
        {
            Exception? reason = null;
            try
            {
                if (!Started.Task.IsCompleted)
                    await StartAsync(stopping);
                await foreach (var batch in storage.FeedAsync(space, _fed + 1, stopping))
                {
                    Volatile.Write(ref _brokenSince, 0);
                    await PostAsync(batch, stopping);
                    retry.Reset();
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (RevisionCompactedException compacted)
            {
                // Watchers read what is left from history, or hear that it is gone; the feed goes on at the present.
                NoteBroken();
                Log.FeedCompacted(logger, space, _fed, compacted.CompactRevision);
                hub.PostAndRun(new HubInput(HubInputKind.FeedLost));
                await ResumeAtPresentAsync(compacted.CompactRevision, retry, stopping);
                continue;
            }
#pragma warning disable CA1031 // Storage is away, whatever it threw: the feed is reopened until the service stops.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                reason = broken;
            }
            NoteBroken();
            Log.FeedBroken(logger, space, _fed, reason);
            await retry.WaitAsync(stopping);
        }
        Started.TrySetCanceled(stopping);
    }

    private void NoteBroken()
    {
        if (_brokenSince == 0)
            Volatile.Write(ref _brokenSince, Math.Max(time.GetTimestamp(), 1));
    }

    private async Task ResumeAtPresentAsync(long compacted, Backoff retry, CancellationToken stopping)
    {
        do
        {
            try
            {
                await StartAsync(stopping, compacted);
                return;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // As above.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                Log.FeedBroken(logger, space, _fed, broken);
            }
        }
        while (await retry.WaitAsync(stopping));
    }

    private async Task StartAsync(CancellationToken stopping, long compacted = 0)
    {
        var status = await storage.GetStatusAsync(stopping);
        var current = space == KeySpace.V3 ? status.Revision : status.V2Index;
        if (space == KeySpace.V3)
            compacted = Math.Max(compacted, status.CompactRevision);
        await PostAsync(new FeedBatch([], current, compacted, status.AppliedTerm), stopping);
        Log.FeedStarted(logger, space, current);
        Started.TrySetResult();
    }

    private async Task PostAsync(FeedBatch batch, CancellationToken stopping)
    {
        await hub.FeedRoom.WaitAsync(stopping);
        hub.PostAndRun(new HubInput(HubInputKind.Feed) { Batch = batch });
        _fed = Math.Max(_fed, batch.CurrentRevision);
    }
}
