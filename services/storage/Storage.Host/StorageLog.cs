using Microsoft.Extensions.Logging;

namespace Storage.Host;

/// <summary>All log messages of the storage service.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(1, LogLevel.Information, "state rebuilt up to log index {AppliedIndex}, revision {Revision}, {Keys} keys")]
    public static partial void Rebuilt(ILogger logger, ulong appliedIndex, long revision, int keys);

    [LoggerMessage(2, LogLevel.Warning, "the log's tail broke at index {Index}; opening it again in {Delay}")]
    public static partial void TailBroken(ILogger logger, Exception exception, ulong index, TimeSpan delay);

    [LoggerMessage(3, LogLevel.Critical, "storage cannot go on: {What}")]
    public static partial void Fatal(ILogger logger, Exception exception, string what);

    [LoggerMessage(4, LogLevel.Error, "the command at log index {Index} cannot be read: its proposer is broken or newer than this replica")]
    public static partial void MalformedCommand(ILogger logger, ulong index);

    [LoggerMessage(5, LogLevel.Warning, "durable index {Index} could not be reported to consensus; reporting again in {Delay}")]
    public static partial void ReportFailed(ILogger logger, Exception exception, ulong index, TimeSpan delay);

    [LoggerMessage(6, LogLevel.Information, "compaction at revision {Revision} removed {Removed} revisions")]
    public static partial void Swept(ILogger logger, long revision, long removed);

    [LoggerMessage(7, LogLevel.Debug, "tree commit at log index {Index} took {Milliseconds} ms")]
    public static partial void Committed(ILogger logger, ulong index, double milliseconds);

    [LoggerMessage(8, LogLevel.Warning, "the log begins at index {First}, and index {Applied} is applied here: fetching a snapshot of at least index {AtLeast}")]
    public static partial void SnapshotNeeded(ILogger logger, ulong first, ulong applied, ulong atLeast);

    [LoggerMessage(9, LogLevel.Information, "receiving a snapshot of log index {AppliedIndex}, term {AppliedTerm}")]
    public static partial void SnapshotStarted(ILogger logger, ulong appliedIndex, ulong appliedTerm);

    [LoggerMessage(10, LogLevel.Information, "installed a snapshot of log index {AppliedIndex}, revision {Revision}: {Bytes} bytes in {Milliseconds} ms")]
    public static partial void SnapshotInstalled(ILogger logger, ulong appliedIndex, long revision, long bytes, double milliseconds);

    [LoggerMessage(11, LogLevel.Warning, "a snapshot was given up after {Bytes} bytes; fetching again in {Delay}")]
    public static partial void SnapshotFailed(ILogger logger, Exception exception, long bytes, TimeSpan delay);

    [LoggerMessage(12, LogLevel.Information, "peer {Number} of {Count} gives no snapshot: {Why}")]
    public static partial void PeerPassedOver(ILogger logger, int number, int count, string why);

    [LoggerMessage(13, LogLevel.Information, "sent a snapshot of log index {AppliedIndex}: {Bytes} bytes in {Milliseconds} ms")]
    public static partial void SnapshotSent(ILogger logger, ulong appliedIndex, long bytes, double milliseconds);

    [LoggerMessage(20, LogLevel.Information, "sent the state as a database: {Bytes} bytes in {Milliseconds} ms")]
    public static partial void DatabaseSent(ILogger logger, long bytes, double milliseconds);
}
