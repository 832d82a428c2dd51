using Microsoft.Extensions.Logging;
using WatchHub.Feed.Core;
using WatchHub.Feed.Core.Cluster;
using WatchHub.Feed.Publishing;
using WatchHub.Feed.Store;

namespace WatchHub.Feed.Cluster;

/// <summary>
/// The feed of cluster events in this process. It looks at the cluster now and then and compares with what the store says was seen; what is new is noted in the store before it is
/// published, and again when it is, so that whoever goes on publishes the same events under the same ids.
/// </summary>
internal sealed class ClusterEvents(FeedContext context)
{
    private const string Feed = FeedOptions.ClusterFeed;

    private readonly Publisher _publisher = context.PublisherOf(Feed);

    public Task RunAsync(CancellationToken stopping) => ClaimedLoop.RunAsync(Feed, context, RunAsync, stopping);

    private async Task RunAsync(HeldClaim claim, CancellationToken cancellation)
    {
        var status = await context.Consensus.GetStatusAsync(cancellation).ConfigureAwait(false);
        var messages = new ClusterMessages(Feed, EventIds.SourceOf(status.Cluster.Value));
        var retry = new Backoff(context.Options, context.Time);
        var cursor = claim.Cursor is { } noted ? ClusterCursor.TryDecode(noted) : null;
        if (cursor is null && claim.Cursor is not null)
            Log.CursorUnreadable(context.Logger, Feed);
        Log.Began(context.Logger, Feed, claim.Revision);
        var isNoted = true;
        while (true)
        {
            if (cursor?.Pending.Count > 0)
                (cursor, isNoted) = await PublishAsync(cursor, messages, claim, cancellation).ConfigureAwait(false);
            if (await LookAsync(retry, cancellation).ConfigureAwait(false) is { } picture)
            {
                // A feed that is new begins with the cluster as it is.
                var next = cursor is null ? new ClusterCursor { Seen = picture } : ClusterWatch.Advance(cursor, picture);
                // A store without space takes no note, and its alarm is to be told all the same: then the note is made up for later.
                if (!isNoted || !ReferenceEquals(next, cursor))
                    isNoted = await claim.SaveAsync(next.Encode(), cancellation).ConfigureAwait(false);
                cursor = next;
                if (cursor.Pending.Count == 0)
                    await Task.Delay(context.Options.ClusterInterval, context.Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<(ClusterCursor Cursor, bool IsNoted)> PublishAsync(ClusterCursor cursor, ClusterMessages messages, HeldClaim claim, CancellationToken cancellation)
    {
        foreach (var change in cursor.Pending)
            await _publisher.PublishAsync(messages.Of(change, context.Time.GetUtcNow()), cancellation).ConfigureAwait(false);
        var published = cursor with { Pending = [] };
        return (published, await claim.SaveAsync(published.Encode(), cancellation).ConfigureAwait(false));
    }

    private async Task<ClusterPicture?> LookAsync(Backoff retry, CancellationToken cancellation)
    {
        try
        {
            var picture = await ClusterLook.TakeAsync(context, cancellation).ConfigureAwait(false);
            retry.Reset();
            return picture;
        }
#pragma warning disable CA1031 // No leader, no storage: whatever it threw, there is another look.
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Log.LookFailed(context.Logger, retry.IsFirst ? LogLevel.Warning : LogLevel.Debug, Feed, failed);
            await retry.WaitAsync(cancellation).ConfigureAwait(false);
            return null;
        }
    }
}
