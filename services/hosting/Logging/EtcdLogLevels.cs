using Microsoft.Extensions.Logging;

namespace Hosting.Logging;

/// <summary>etcd's names of log levels (<c>--log-level</c>, and <c>level</c> of a log line) and the framework's.</summary>
public static class EtcdLogLevels
{
    /// <summary>Reads a level name; false when etcd has no such level.</summary>
    public static bool TryParse(string name, out LogLevel level)
    {
        LogLevel? found = name switch
        {
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "dpanic" or "panic" or "fatal" => LogLevel.Critical,
            _ => null,
        };
        level = found ?? LogLevel.None;
        return found is not null;
    }

    /// <summary>The name written into a log line.</summary>
    public static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
