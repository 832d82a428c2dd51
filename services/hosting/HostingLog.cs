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
}
