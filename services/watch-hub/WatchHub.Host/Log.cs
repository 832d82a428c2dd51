using Storage.Contracts;

namespace WatchHub.Host;

/// <summary>Every log message of the watch-hub.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Space}: the feed starts after revision {Revision}")]
    public static partial void FeedStarted(ILogger logger, KeySpace space, long revision);

    [LoggerMessage(2, LogLevel.Warning, "{Space}: the feed broke after revision {Revision}; it is reopened there")]
    public static partial void FeedBroken(ILogger logger, KeySpace space, long revision, Exception? exception);

    [LoggerMessage(3, LogLevel.Warning, "{Space}: the feed cannot go on after revision {Revision}: compacted up to {Compacted}")]
    public static partial void FeedCompacted(ILogger logger, KeySpace space, long revision, long compacted);

    [LoggerMessage(4, LogLevel.Warning, "{Space}: history from revision {From} could not be read; trying again")]
    public static partial void HistoryFailed(ILogger logger, KeySpace space, long from, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "A session was ended: it sent requests without reading the answers, or named a watch twice")]
    public static partial void SessionFailed(ILogger logger);

    [LoggerMessage(7, LogLevel.Debug, "watch session opened")]
    public static partial void SessionOpened(ILogger logger);

    [LoggerMessage(8, LogLevel.Information, "the hub stops: sessions are asked to leave, {Sessions} of them")]
    public static partial void Leaving(ILogger logger, int sessions);

    [LoggerMessage(9, LogLevel.Warning, "the hub stops with {Sessions} sessions that have not left")]
    public static partial void SessionsStayed(ILogger logger, int sessions);

    [LoggerMessage(6, LogLevel.Critical, "{Space}: the hub is broken and stops")]
    public static partial void HubBroken(ILogger logger, KeySpace space, Exception exception);
}
