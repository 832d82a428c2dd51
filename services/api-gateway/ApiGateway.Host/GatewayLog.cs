namespace ApiGateway.Host;

/// <summary>Every log message of the gateway.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(1, LogLevel.Information, "proposal stream of session {Session} opened, {Pending} pending proposals go again")]
    public static partial void ProposalStreamOpened(this ILogger logger, string session, int pending);

    [LoggerMessage(2, LogLevel.Warning, "proposal stream lost, opening another: {Reason}")]
    public static partial void ProposalStreamLost(this ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Warning, "proposal stream failed, opening another")]
    public static partial void ProposalStreamFailed(this ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "the cluster's status could not be read")]
    public static partial void ClusterStatusFailed(this ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "watch session could not be opened, trying again")]
    public static partial void WatchSessionFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6, LogLevel.Information, "watch session lost, resuming {Watches} watches on another")]
    public static partial void WatchSessionLost(this ILogger logger, int watches);

    [LoggerMessage(7, LogLevel.Warning, "connection closed: it sent no protocol preface in time")]
    public static partial void SilentConnection(this ILogger logger);

    [LoggerMessage(8, LogLevel.Debug, "connection lost before its protocol was known")]
    public static partial void LostConnection(this ILogger logger, Exception exception);

    [LoggerMessage(9, LogLevel.Error, "the client port no longer accepts connections")]
    public static partial void AcceptFailed(this ILogger logger, Exception exception);

    [LoggerMessage(10, LogLevel.Error, "request {Method} {Path} failed")]
    public static partial void RestRequestFailed(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(11, LogLevel.Warning, "connection refused: {Limit} connections have not shown their protocol yet")]
    public static partial void TooManyUndecided(this ILogger logger, int limit);
}
