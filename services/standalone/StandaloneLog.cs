#pragma warning disable SYSLIB1015 // What the text does not name becomes a field of the JSON line.
using System.Net;
using Hosting.Tls;
using Microsoft.Extensions.Logging;

namespace Standalone;

/// <summary>Log messages of the standalone process; the texts are etcd's where scripts wait for them.</summary>
internal static partial class StandaloneLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "failed to verify flags")]
    public static partial void FlagsRefused(ILogger logger, string error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{headline}")]
    public static partial void StartFailed(ILogger logger, string headline, string error);

    [LoggerMessage(Level = LogLevel.Error, Message = "conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag)")]
    public static partial void VariableShadowed(ILogger logger, string environmentVariable);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{warning}")]
    public static partial void StartWarning(ILogger logger, string warning, string name);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "loaded server configuration, other configuration command line flags and environment variables will be ignored if provided")]
    public static partial void ConfigurationLoaded(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "starting an etcd-compatible server")]
    public static partial void Starting(ILogger logger, string name, string dataDir, string etcdVersion, string version, string advertiseClientUrls);

    [LoggerMessage(Level = LogLevel.Information, Message = "ready to serve client requests")]
    public static partial void Ready(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "serving client traffic insecurely; this is strongly discouraged!")]
    public static partial void ServingInsecurely(ILogger logger, EndPoint address);

    [LoggerMessage(Level = LogLevel.Information, Message = "serving client traffic securely")]
    public static partial void ServingSecurely(ILogger logger, EndPoint address);

    [LoggerMessage(Level = LogLevel.Information, Message = "starting with {purpose} TLS")]
    public static partial void StartingWithTls(ILogger logger, string purpose, TlsSettings tlsInfo, IReadOnlyList<string> cipherSuites);

    [LoggerMessage(Level = LogLevel.Information, Message = "received signal; shutting down")]
    public static partial void Signal(ILogger logger, string signal);

    [LoggerMessage(Level = LogLevel.Information, Message = "restoring snapshot")]
    public static partial void Restoring(ILogger logger, string path, string dataDir);

    [LoggerMessage(Level = LogLevel.Information, Message = "restored snapshot")]
    public static partial void Restored(ILogger logger, string path, string dataDir, long revision);

    [LoggerMessage(Level = LogLevel.Information, Message = "closed etcd server")]
    public static partial void Closed(ILogger logger, string name);
}
