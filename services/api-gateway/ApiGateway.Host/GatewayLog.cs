using Storage.Contracts;

namespace ApiGateway.Host;

/// <summary>Every log message of the gateway.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(EventId = 1, Message = "proposal stream of session {Session} opened, {Pending} pending proposals go again")]
    public static partial void ProposalStreamOpened(this ILogger logger, LogLevel level, SessionId session, int pending);

    [LoggerMessage(EventId = 2, Message = "proposal stream lost, opening another: {Reason}")]
    public static partial void ProposalStreamLost(this ILogger logger, LogLevel level, string reason);

    [LoggerMessage(EventId = 3, Message = "proposal stream failed, opening another")]
    public static partial void ProposalStreamFailed(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(EventId = 4, Message = "the cluster's status could not be read")]
    public static partial void ClusterStatusFailed(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "watch session could not be opened, trying again")]
    public static partial void WatchSessionFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6, LogLevel.Information, "watch session lost, resuming {Watches} watches on another")]
    public static partial void WatchSessionLost(this ILogger logger, int watches);

    [LoggerMessage(18, LogLevel.Debug, "watch session left, resuming {Watches} watches on another")]
    public static partial void WatchSessionLeft(this ILogger logger, int watches);

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

    [LoggerMessage(12, LogLevel.Information, "leader {Before} changed to {Leader} in term {Term}")]
    public static partial void LeaderChanged(this ILogger logger, string before, string leader, ulong term);

    [LoggerMessage(13, LogLevel.Warning, "no leader for three election timeouts: {Streams} streams that insist on one are ended")]
    public static partial void LeaderlessStreamsEnded(this ILogger logger, int streams);

    [LoggerMessage(14, LogLevel.Information, "membership change {Change} of member {Member}: {Outcome}")]
    public static partial void MembershipChanged(this ILogger logger, string change, string member, string outcome);

    [LoggerMessage(16, LogLevel.Warning, "storage's size could not be read; writes pass as before")]
    public static partial void SpaceUnknown(this ILogger logger, Exception exception);

    [LoggerMessage(17, LogLevel.Warning, "no room for a request of {Cost} bytes: {InUse} of {Quota} bytes are in use; raising alarm NOSPACE")]
    public static partial void SpaceExceeded(this ILogger logger, long inUse, long quota, int cost);

    [LoggerMessage(40, LogLevel.Warning, "a client has not taken its answer of {Bytes} bytes on connection {Connection}, others need the room: it is cut off")]
    public static partial void AnswerNotTaken(this ILogger logger, int bytes, string connection);

    [LoggerMessage(EventId = 41, Message = "{Committed} is committed, {Applied} is applied: proposals are {Outcome}")]
    public static partial void LagChanged(this ILogger logger, LogLevel level, ulong committed, ulong applied, string outcome);

    [LoggerMessage(43, LogLevel.Warning, "{Limit} connections are open: more wait until some are closed")]
    public static partial void TooManyConnections(this ILogger logger, int limit);

    [LoggerMessage(EventId = 19, Message = "whether users have to log in could not be read")]
    public static partial void AuthUnknown(this ILogger logger, LogLevel level, Exception exception);

    [LoggerMessage(20, LogLevel.Warning, "invalid authentication request of user {User}")]
    public static partial void LoginRefused(this ILogger logger, string user);

    [LoggerMessage(21, LogLevel.Warning, "rejecting HTTP request to prevent DNS rebinding attacks: host {Host} is none of this server's")]
    public static partial void UnknownHost(this ILogger logger, string host);

    [LoggerMessage(44, LogLevel.Information, "v2 keys are the v3 keys below {Prefix}")]
    public static partial void Mapped(this ILogger logger, string prefix);

    [LoggerMessage(45, LogLevel.Critical, "v2 keys cannot be mapped to v3 keys: {Reason}")]
    public static partial void MappingRefused(this ILogger logger, string reason);

    [LoggerMessage(46, LogLevel.Warning, "whether v2 keys are mapped to v3 keys is not known yet: {Reason}")]
    public static partial void MappingDelayed(this ILogger logger, string reason);

    /// <summary>A line whose fields depend on what is known.</summary>
    public static void RequestTookTooLong(this ILogger logger, IReadOnlyList<KeyValuePair<string, object?>> fields) =>
        logger.Log(LogLevel.Warning, new EventId(47), fields, null, static (_, _) => "request took too long");

    [LoggerMessage(15, LogLevel.Warning, "clients still have requests under way; going on with the stop")]
    public static partial void ClientsStayed(this ILogger logger);
}
