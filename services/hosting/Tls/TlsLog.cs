#pragma warning disable SYSLIB1015 // What the text does not name becomes a field of the JSON line.
using System.Net;
using Microsoft.Extensions.Logging;

namespace Hosting.Tls;

/// <summary>Log messages about secured ports; the texts are etcd's where it has one.</summary>
public static partial class TlsLog
{
    /// <summary>A connection that is not served.</summary>
    /// <param name="logger">Where it is logged.</param>
    /// <param name="port">What the port is for: "client", "peer".</param>
    /// <param name="remoteAddr">Who connected.</param>
    /// <param name="serverName">The name that it asked for; "" when none is known.</param>
    /// <param name="error">Why.</param>
    [LoggerMessage(Level = LogLevel.Warning, Message = "rejected connection on {port} endpoint")]
    public static partial void Rejected(ILogger logger, string port, EndPoint? remoteAddr, string serverName, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "certificate renewed")]
    internal static partial void Renewed(ILogger logger, string certFile, DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Error, Message = "changed certificate files cannot be used; going on with the certificate before")]
    internal static partial void NotRenewed(ILogger logger, string certFile, string keyFile, string error);
}
