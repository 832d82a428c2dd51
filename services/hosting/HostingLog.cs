#pragma warning disable SYSLIB1015 // What the text does not name becomes a field of the JSON line.
using Microsoft.Extensions.Logging;

namespace Hosting;

/// <summary>Log messages of a service process.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "service started")]
    public static partial void Started(ILogger logger, string service, string addresses);

    [LoggerMessage(Level = LogLevel.Information, Message = "service stopping")]
    public static partial void Stopping(ILogger logger, string service);

    [LoggerMessage(Level = LogLevel.Critical, Message = "service failed")]
    public static partial void Failed(ILogger logger, string service, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the process was held up")]
    public static partial void ProcessHeldUp(ILogger logger, double milliseconds, double collectorMilliseconds, double processorMilliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the thread pool was held up")]
    public static partial void PoolHeldUp(ILogger logger, double milliseconds, int threads, long waiting);

    [LoggerMessage(Level = LogLevel.Information, Message = "the thread pool may have so many threads at once")]
    public static partial void PoolRelieved(ILogger logger, int threads);
}
