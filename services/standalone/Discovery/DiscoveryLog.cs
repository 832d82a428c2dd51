#pragma warning disable SYSLIB1015 // What the text does not name becomes a field of the JSON line.
using Microsoft.Extensions.Logging;

namespace Standalone.Discovery;

/// <summary>Log messages of discovery; the texts are etcd's.</summary>
internal static partial class DiscoveryLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "found self from discovery server")]
    public static partial void FoundSelf(ILogger logger, string discoveryUrl, string self);

    [LoggerMessage(Level = LogLevel.Information, Message = "found peer from discovery server")]
    public static partial void FoundPeer(ILogger logger, string discoveryUrl, string peer);

    [LoggerMessage(Level = LogLevel.Information, Message = "found peers from discovery server; waiting for more")]
    public static partial void Waiting(ILogger logger, string discoveryUrl, int foundPeers, long neededPeers);

    [LoggerMessage(Level = LogLevel.Information, Message = "found all needed peers from discovery server")]
    public static partial void AllFound(ILogger logger, string discoveryUrl, int foundPeers);

    [LoggerMessage(Level = LogLevel.Information, Message = "got bootstrap from DNS for etcd-server")]
    public static partial void FoundByDns(ILogger logger, string discoverySrv, string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "failed to get from discovery server")]
    public static partial void Unavailable(ILogger logger, string discoveryUrl, string error);

    [LoggerMessage(Level = LogLevel.Information, Message = "retry connecting to discovery service")]
    public static partial void Retrying(ILogger logger, string url, string reason, string backoff);

    [LoggerMessage(Level = LogLevel.Warning, Message = "discovery token is ignored since cluster already initialized; valid logs are found")]
    public static partial void Ignored(ILogger logger, string walDir);

    [LoggerMessage(Level = LogLevel.Warning, Message = "failed to bootstrap; discovery token was already used")]
    public static partial void TokenUsed(ILogger logger, string discoveryToken, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "do not reuse discovery token; generate a new one to bootstrap a cluster")]
    public static partial void DoNotReuse(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "discovery cluster is full; there is no v2 proxy here to fall back to, every member of the cluster serves every request")]
    public static partial void NoProxy(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "member has been registered with discovery service")]
    public static partial void Registered(ILogger logger, string name, string discoveryToken, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "but could not find valid cluster configuration")]
    public static partial void NoConfiguration(ILogger logger, string dataDir);

    [LoggerMessage(Level = LogLevel.Warning, Message = "check data dir if previous bootstrap succeeded")]
    public static partial void CheckDataDir(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "or use a new discovery token if previous bootstrap failed")]
    public static partial void UseNewToken(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "member with duplicated name has already been registered")]
    public static partial void DuplicateName(ILogger logger, string discoveryToken, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cURL the discovery token URL for details")]
    public static partial void AskTheToken(ILogger logger);
}
