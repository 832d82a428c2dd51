using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Feed.Core.Delivery;

namespace WatchHub.Feed;

/// <summary>Every log message of the feeds.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "feed {Feed}: this process runs it, from revision {Revision} on")]
    public static partial void Began(ILogger logger, string feed, long revision);

    [LoggerMessage(2, LogLevel.Information, "feed {Feed}: another process runs it; standing by")]
    public static partial void StandsBy(ILogger logger, string feed);

    [LoggerMessage(3, LogLevel.Warning, "feed {Feed}: the claim is lost; another process may go on from the cursor")]
    public static partial void ClaimLost(ILogger logger, string feed);

    [LoggerMessage(4, LogLevel.Information, "feed {Feed}: ended at cursor {Cursor}")]
    public static partial void Ended(ILogger logger, string feed, long cursor);

    [LoggerMessage(EventId = 5, Message = "feed {Feed}: it broke; going on from the cursor")]
    public static partial void Broken(ILogger logger, LogLevel level, string feed, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "feed {Feed}: compaction overtook it: changes of revisions {From} to {To} may be missing, and consumers are told")]
    public static partial void Missed(ILogger logger, string feed, long from, long to);

    [LoggerMessage(EventId = 7, Message = "feed {Feed}: the broker does not take {Id} ({Outcome}: {Reason}); trying again")]
    public static partial void SendFailed(ILogger logger, LogLevel level, string feed, string id, SendOutcome outcome, string reason);

    [LoggerMessage(8, LogLevel.Information, "feed {Feed}: the broker takes messages again")]
    public static partial void SendRecovered(ILogger logger, string feed);

    [LoggerMessage(9, LogLevel.Error, "feed {Feed}: {Id} is a dead letter after {Refusals} refusals: {Reason}")]
    public static partial void DeadLetter(ILogger logger, string feed, string id, int refusals, string reason);

    [LoggerMessage(10, LogLevel.Warning, "feed {Feed}: the store refuses to note the cursor: {Error}; trying again")]
    public static partial void StoreRefused(ILogger logger, string feed, StorageError error);

    [LoggerMessage(EventId = 11, Message = "the way of proposals broke ({Reason}); reopening it")]
    public static partial void ProposalsBroken(ILogger logger, LogLevel level, string reason);

    [LoggerMessage(EventId = 12, Message = "feed {Feed}: the claim's lease could not be kept alive; trying again")]
    public static partial void KeepAliveFailed(ILogger logger, LogLevel level, string feed, Exception exception);

    [LoggerMessage(13, LogLevel.Warning, "feed {Feed}: the cursor in the store cannot be read; the feed begins anew")]
    public static partial void CursorUnreadable(ILogger logger, string feed);

    [LoggerMessage(EventId = 14, Message = "feed {Feed}: the cluster could not be looked at; trying again")]
    public static partial void LookFailed(ILogger logger, LogLevel level, string feed, Exception exception);

    [LoggerMessage(EventId = 15, Message = "feed {Feed}: the broker does not let the feed in, or not write to its exchange ({Reason}); trying again, a password file is read anew")]
    public static partial void NotAllowed(ILogger logger, LogLevel level, string feed, string reason);
}
