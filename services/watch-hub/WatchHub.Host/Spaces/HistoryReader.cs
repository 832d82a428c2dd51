using Storage.Contracts;
using WatchHub.Core;

namespace WatchHub.Host.Spaces;

/// <summary>Fetches history for a core and tries again while storage cannot answer. How many run at once is the core's bound.</summary>
internal sealed class HistoryReader(
    KeySpace space, IStorage storage, WatchHubOptions options, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    /// <summary>Starts a read; its outcome is posted to <paramref name="target"/>.</summary>
    public void Read(HistoryRequest request, HubSpace target) => _ = ReadAsync(request, target);

    private async Task ReadAsync(HistoryRequest request, HubSpace target)
    {
        // The core has the turn on this thread: leave it before storage does any work.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var retry = new Backoff(options, time);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var batch = await storage.HistoryAsync(
                    space, request.Key, request.RangeEnd, request.From, request.To, request.MaxBytes, stopping);
                // A replica behind the one that feeds this hub has nothing to say yet.
                if (batch.CompactRevision > 0 || batch.NextRevision > request.From)
                {
                    target.Post(new HubInput(HubInputKind.History) { Request = request, History = batch });
                    return;
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Storage is away, whatever it threw: the watcher waits until it is back.
            catch (Exception failed)
#pragma warning restore CA1031
            {
                Log.HistoryFailed(logger, space, request.From, failed);
            }
            if (!await retry.WaitAsync(stopping))
                return;
        }
    }
}
