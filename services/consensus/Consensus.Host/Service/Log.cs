using Microsoft.Extensions.Logging;

namespace Consensus.Host.Service;

/// <summary>Everything this service logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Cut an unfinished group of {Bytes} bytes that was never acknowledged from {File} at offset {Offset}")]
    public static partial void TornTailCut(ILogger logger, string file, long offset, long bytes);

    [LoggerMessage(2, LogLevel.Error, "Proposals are refused: there is no space for another log segment. What was acknowledged is whole")]
    public static partial void DiskFull(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Critical, "The log failed and this process must end")]
    public static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Information, "Dropped log segments: the log now begins at index {First}")]
    public static partial void SegmentsDropped(ILogger logger, ulong first);

    [LoggerMessage(5, LogLevel.Information, "Member {Name} ({Member}) of cluster {Cluster} started at index {LastIndex}")]
    public static partial void Started(ILogger logger, string name, string member, string cluster, ulong lastIndex);
}
