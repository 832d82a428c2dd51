using Microsoft.Extensions.Logging;

namespace Hosting.Logging;

/// <summary>The logging of every process: etcd's JSON lines on standard error.</summary>
public static class LoggingSetup
{
    /// <summary>Replaces all providers; <paramref name="level"/> holds for our own code, the framework speaks from warnings on.</summary>
    public static ILoggingBuilder UseEtcdLogging(this ILoggingBuilder logging, LogLevel level)
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
        logging.AddProvider(new EtcdLoggerProvider(Console.OpenStandardError(), TimeProvider.System));
#pragma warning restore CA2000
        return logging;
    }
}
