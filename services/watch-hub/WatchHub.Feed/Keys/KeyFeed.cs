using System.Globalization;
using System.Text;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Feed.Core;
using WatchHub.Feed.Core.Keys;
using WatchHub.Feed.Publishing;
using WatchHub.Feed.Store;

namespace WatchHub.Feed.Keys;

/// <summary>
/// One feed of a prefix in this process. It reads a watch session, and reads on only when the broker has confirmed what was read: a slow broker makes the session's watch fall behind, and
/// a watch that is behind costs the hub nothing (it is read from history).
/// </summary>
internal sealed class KeyFeed(FeedSpec feed, FeedContext context)
{
    private const long WatchId = 1;

    private readonly KeyRange _range = KeyRange.OfPrefix(Encoding.UTF8.GetBytes(feed.Prefix));
    private readonly Publisher _publisher = context.PublisherOf(feed.Name);
    private readonly FeedFigures _figures = context.Metrics.Of(feed.Name);

    public Task RunAsync(CancellationToken stopping) => ClaimedLoop.RunAsync(feed.Name, context, RunAsync, stopping);

    private async Task RunAsync(HeldClaim claim, CancellationToken cancellation)
    {
        var status = await context.Consensus.GetStatusAsync(cancellation).ConfigureAwait(false);
        var messages = new KeyMessages(feed.Name, EventIds.SourceOf(status.Cluster.Value));
        var core = new FeedCore(context.Options.Limits);
        core.Resume(await CursorAsync(claim, cancellation).ConfigureAwait(false));
        Note(core);
        _figures.Cursor.Value = core.Confirmed;
        Log.Began(context.Logger, feed.Name, core.NextRevision);
        var retry = new Backoff(context.Options, context.Time);
        try
        {
            while (true)
            {
                if (await FollowAsync(core, messages, claim, cancellation).ConfigureAwait(false))
                    retry.Reset();
                await retry.WaitAsync(cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            await LeaveAsync(core, claim).ConfigureAwait(false);
        }
    }

    // Where the feed goes on; a feed that is new notes at once where it begins, so that nothing after that is left out.
    private async Task<long> CursorAsync(HeldClaim claim, CancellationToken cancellation)
    {
        if (claim.Cursor is { } noted)
        {
            if (long.TryParse(noted, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor))
                return cursor;
            Log.CursorUnreadable(context.Logger, feed.Name);
        }
        var first = claim.Revision;
        if (context.Options.StartsWithOldest)
            first = Math.Max((await context.Storage.GetStatusAsync(cancellation).ConfigureAwait(false)).CompactRevision, 1) - 1;
        var retry = new Backoff(context.Options, context.Time);
        while (!await claim.SaveAsync(Encode(first), cancellation).ConfigureAwait(false))
            await retry.WaitAsync(cancellation).ConfigureAwait(false);
        return first;
    }

    /// <summary>Follows one session until it ends; says whether anything came.</summary>
    private async Task<bool> FollowAsync(FeedCore core, KeyMessages messages, HeldClaim claim, CancellationToken cancellation)
    {
        var session = await context.Hub.OpenSessionAsync(cancellation).ConfigureAwait(false);
        await using var _ = session.ConfigureAwait(false);
        session.Create(new WatchSpec(
            WatchId, KeySpace.V3, _range.Key, _range.End, core.NextRevision, core.NextRevision - 1, PreviousValue: false, NoPut: false, NoDelete: false,
            ProgressNotify: false, Fragment: false) { IsResumed = true });
        var (hasCome, compactRevision, idleAt) = (false, -1L, context.Now + context.Options.IdleInterval);
        Task<bool>? reading = null;
        while (true)
        {
            while (session.TryRead(out var message))
            {
                hasCome = true;
                switch (message.Kind)
                {
                    case WatchMessageKind.Events:
                        core.Take(WatchedChanges.Read(message.Events.Span), message.LastRevision);
                        await PublishAsync(core, messages, claim, cancellation).ConfigureAwait(false);
                        break;
                    case WatchMessageKind.Progress:
                        core.Progress(message.Revision, compactRevision, context.Now);
                        Note(core);
                        break;
                    case WatchMessageKind.Canceled when message.CompactRevision > 0:
                        await TellMissedAsync(core.Missed(message.CompactRevision), core, messages, claim, cancellation).ConfigureAwait(false);
                        return hasCome;
                    case WatchMessageKind.Canceled:
                    case WatchMessageKind.Leave:
                        return hasCome;
                }
            }
            await SaveIfDueAsync(core, claim, cancellation).ConfigureAwait(false);
            reading ??= session.WaitToReadAsync(cancellation).AsTask();
            if (await CompletesAsync(reading, Earlier(core.SaveAt, idleAt), cancellation).ConfigureAwait(false))
            {
                if (!await reading.ConfigureAwait(false))
                    return hasCome;
                reading = null;
            }
            else if (context.Now >= idleAt)
            {
                compactRevision = (await context.Storage.GetStatusAsync(cancellation).ConfigureAwait(false)).CompactRevision;
                session.RequestProgress();
                idleAt = context.Now + context.Options.IdleInterval;
            }
        }
    }

    private async Task PublishAsync(FeedCore core, KeyMessages messages, HeldClaim claim, CancellationToken cancellation)
    {
        while (core.NextBatch() is { } batch)
        {
            await Task.WhenAll(batch.Lanes.Select(lane => PublishAsync(lane, messages, cancellation))).ConfigureAwait(false);
            core.Confirm(batch, context.Now);
            Note(core);
            await SaveIfDueAsync(core, claim, cancellation).ConfigureAwait(false);
        }
    }

    private async Task PublishAsync(IReadOnlyList<KeyChange> lane, KeyMessages messages, CancellationToken cancellation)
    {
        foreach (var change in lane)
            await _publisher.PublishAsync(messages.Of(change, context.Time.GetUtcNow()), cancellation).ConfigureAwait(false);
    }

    private async Task TellMissedAsync(MissedRange missed, FeedCore core, KeyMessages messages, HeldClaim claim, CancellationToken cancellation)
    {
        Log.Missed(context.Logger, feed.Name, missed.From, missed.To);
        _figures.Missed.Increment();
        await _publisher.PublishAsync(messages.Of(missed, context.Time.GetUtcNow()), cancellation).ConfigureAwait(false);
        core.Skip(missed, context.Now);
        Note(core);
        await SaveIfDueAsync(core, claim, cancellation).ConfigureAwait(false);
    }

    private async Task SaveIfDueAsync(FeedCore core, HeldClaim claim, CancellationToken cancellation)
    {
        if (core.CursorDue(context.Now) is { } cursor)
            await SaveAsync(core, claim, cursor, cancellation).ConfigureAwait(false);
    }

    private async Task SaveAsync(FeedCore core, HeldClaim claim, long cursor, CancellationToken cancellation)
    {
        if (!await claim.SaveAsync(Encode(cursor), cancellation).ConfigureAwait(false))
        {
            core.NotSaved(context.Now);
            return;
        }
        core.Saved(cursor);
        _figures.Cursor.Value = cursor;
    }

    // Whoever goes on need not publish again what is confirmed.
    private async Task LeaveAsync(FeedCore core, HeldClaim claim)
    {
        using var patience = new CancellationTokenSource(context.Options.ReleasePatience, context.Time);
        try
        {
            if (core.CursorAtEnd is { } cursor)
                await SaveAsync(core, claim, cursor, patience.Token).ConfigureAwait(false);
        }
        catch (Exception failed) when (failed is OperationCanceledException or ClaimLostException)
        {
            // Then it does publish it again.
        }
        Log.Ended(context.Logger, feed.Name, _figures.Cursor.Value);
    }

    private void Note(FeedCore core) => _figures.Confirmed.Value = core.Confirmed;

    private async Task<bool> CompletesAsync(Task task, TimeSpan until, CancellationToken cancellation)
    {
        if (task.IsCompleted)
            return true;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var wait = until - context.Now;
        // Rounded up: what is waited for has come when the wait ends.
        var timer = Task.Delay(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, context.Time, over.Token);
        await Task.WhenAny(task, timer).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return task.IsCompleted;
    }

    private static TimeSpan Earlier(TimeSpan? maybe, TimeSpan other) => maybe is { } time && time < other ? time : other;

    private static byte[] Encode(long cursor) => Encoding.ASCII.GetBytes(cursor.ToString(CultureInfo.InvariantCulture));
}
