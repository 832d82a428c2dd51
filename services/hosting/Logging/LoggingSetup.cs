using Microsoft.Extensions.Logging;

namespace Hosting.Logging;

/// <summary>The logging of every process: etcd's JSON lines, on standard error unless told otherwise.</summary>
public static class LoggingSetup
{
    /// <summary>Replaces all providers; <paramref name="level"/> holds for our own code, the framework speaks from warnings on.</summary>
    /// <param name="logging">Of the process.</param>
    /// <param name="level">The least that is written.</param>
    /// <param name="output">Where to, see <see cref="LogOutput"/>; stays the caller's. Null: standard error.</param>
    public static ILoggingBuilder UseEtcdLogging(this ILoggingBuilder logging, LogLevel level, Stream? output = null)
    {
        var framework = level <= LogLevel.Debug ? LogLevel.Information : level < LogLevel.Warning ? LogLevel.Warning : level;
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", framework);
        logging.AddFilter("System", framework);
        logging.AddFilter("Grpc", framework);
        // A stream that a client drops is no error of ours, yet these report it as one.
        logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", level <= LogLevel.Debug ? LogLevel.Information : LogLevel.Critical);
        // With this category on, ASP.NET Core starts an Activity for every request, exported or not. Spans are the services' own.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
#pragma warning disable CA2000 // The logger factory owns the provider.
        logging.AddProvider(new EtcdLoggerProvider(output ?? Console.OpenStandardError(), TimeProvider.System));
#pragma warning restore CA2000
        return logging;
    }
}
