#pragma warning disable SYSLIB1015 // What the text does not name becomes a field of the JSON line.
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

    [LoggerMessage(6, LogLevel.Information, "compaction at revision {Revision} removed {Removed} revisions in {Milliseconds} ms; the longest step took {LongestMilliseconds} ms")]
    public static partial void Swept(ILogger logger, long revision, long removed, double milliseconds, double longestMilliseconds);

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

    [LoggerMessage(13, LogLevel.Warning, "proposing {Kind} failed; proposing it again in {Delay}")]
    public static partial void ProposalFailed(ILogger logger, Exception exception, Storage.Contracts.CommandKind kind, TimeSpan delay);

    [LoggerMessage(14, LogLevel.Warning, "the data file is over its quota: {InUse} of {Quota} bytes are in use; raising alarm NOSPACE for member {Member:x}")]
    public static partial void SpaceExceeded(ILogger logger, long inUse, long quota, ulong member);

    [LoggerMessage(15, LogLevel.Information, "the data file has space again: {InUse} of {Quota} bytes are in use; clearing alarm NOSPACE of member {Member:x}")]
    public static partial void SpaceAgain(ILogger logger, long inUse, long quota, ulong member);

    [LoggerMessage(16, LogLevel.Information, "initial corruption checking passed: {Compared} of {Peers} peers hold the same at revision {Revision}")]
    public static partial void SameAtStart(ILogger logger, int compared, int peers, long revision);

    [LoggerMessage(17, LogLevel.Error, "found different hash values from remote peers at revision {Revision}, compacted at {CompactRevision}: {Hash} here")]
    public static partial void DiffersAtStart(ILogger logger, long revision, long compactRevision, uint hash);

    [LoggerMessage(18, LogLevel.Information, "finished peer corruption check: {Compared} of {Peers} peers hold the same at revision {Revision}")]
    public static partial void Compared(ILogger logger, int compared, int peers, long revision);

    [LoggerMessage(19, LogLevel.Critical, "found hash mismatch at revision {Revision}: raising alarm CORRUPT for member {Member:x}")]
    public static partial void Differs(ILogger logger, ulong member, long revision);

    [LoggerMessage(20, LogLevel.Warning, "the comparison with the other replicas failed")]
    public static partial void CompareFailed(ILogger logger, Exception exception);

    [LoggerMessage(21, LogLevel.Information, "a peer is not compared with: {Why}")]
    public static partial void PeerNotCompared(ILogger logger, string why);

    [LoggerMessage(22, LogLevel.Information, "sent a snapshot of log index {AppliedIndex}: {Bytes} bytes in {Milliseconds} ms")]
    public static partial void SnapshotSent(ILogger logger, ulong appliedIndex, long bytes, double milliseconds);

    [LoggerMessage(23, LogLevel.Error, "the data file is damaged: {Finding}")]
    public static partial void DamageFound(ILogger logger, string finding);

    [LoggerMessage(24, LogLevel.Error, "the damaged data file is kept as {Path}; its content is rebuilt from the log or from a peer")]
    public static partial void DamageSetAside(ILogger logger, string path);

    [LoggerMessage(25, LogLevel.Error, "could not note that the data file is damaged; the next start may not find it")]
    public static partial void SuspicionNotNoted(ILogger logger, Exception exception);

    [LoggerMessage(26, LogLevel.Information, "moved {Pages} pages to return free space: the data file had {Before} bytes and has {After}; {Milliseconds} ms")]
    public static partial void SpaceReturned(ILogger logger, long pages, long before, long after, double milliseconds);

    [LoggerMessage(28, LogLevel.Warning, "apply request took too long")]
    public static partial void SlowApply(ILogger logger, string took, string expectedDuration, string prefix, string request, string response, ulong index);

    [LoggerMessage(27, LogLevel.Information, "sent the state as a database: {Bytes} bytes in {Milliseconds} ms")]
    public static partial void DatabaseSent(ILogger logger, long bytes, double milliseconds);

    [LoggerMessage(29, LogLevel.Warning, "consensus could not be asked to keep what comes after index {Index}; asking again in {Delay}")]
    public static partial void KeepFailed(ILogger logger, Exception exception, ulong index, TimeSpan delay);
}
