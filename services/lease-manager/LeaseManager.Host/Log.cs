using Storage.Contracts;

namespace LeaseManager.Host;

/// <summary>Every log message of the lease manager.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Claimed the leases with epoch {Epoch}")]
    public static partial void Claimed(ILogger logger, ulong epoch);

    [LoggerMessage(2, LogLevel.Warning, "Fenced: another manager's claim replaced epoch {Epoch}")]
    public static partial void Fenced(ILogger logger, ulong epoch);

    [LoggerMessage(3, LogLevel.Information, "The claim is given up")]
    public static partial void GivenUp(ILogger logger);

    [LoggerMessage(14, LogLevel.Warning, "Checkpoints of {Count} leases were refused: {Error}; due again later")]
    public static partial void CheckpointRefused(ILogger logger, int count, StorageError error);

    [LoggerMessage(4, LogLevel.Warning, "The claim was refused: {Error}; trying again")]
    public static partial void ClaimRefused(ILogger logger, StorageError error);

    [LoggerMessage(EventId = 5, Message = "The lease feed broke; reopening it")]
    public static partial void FeedBroken(ILogger logger, LogLevel level, Exception? exception);

    [LoggerMessage(EventId = 6, Message = "The way of proposals broke ({Reason}); reopening it with {Pending} pending")]
    public static partial void ProposalsBroken(ILogger logger, LogLevel level, string reason, int pending);

    [LoggerMessage(7, LogLevel.Warning, "Ending {Count} leases was refused: {Error}; trying again")]
    public static partial void ExpireRefused(ILogger logger, int count, StorageError error);

    [LoggerMessage(8, LogLevel.Warning, "Expiring v2 nodes was refused: {Error}; trying again")]
    public static partial void V2ExpireRefused(ILogger logger, StorageError error);

    [LoggerMessage(10, LogLevel.Information, "completed auto compaction at revision {Revision}")]
    public static partial void Compacted(ILogger logger, long revision);

    [LoggerMessage(11, LogLevel.Warning, "failed auto compaction at revision {Revision}: {Error}; trying again")]
    public static partial void CompactionRefused(ILogger logger, long revision, StorageError error);

    [LoggerMessage(12, LogLevel.Warning, "failed auto compaction at revision {Revision}: no result in {Patience}; trying again")]
    public static partial void CompactionLate(ILogger logger, long revision, TimeSpan patience);

    [LoggerMessage(EventId = 13, Message = "auto compaction does not know the revision; asking again")]
    public static partial void RevisionUnknown(ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(9, LogLevel.Information, "No longer the leader: the leases are left to the next one")]
    public static partial void Released(ILogger logger);
}
