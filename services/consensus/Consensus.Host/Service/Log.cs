using Consensus.Contracts;
using Consensus.Core.Raft;
using Microsoft.Extensions.Logging;

#pragma warning disable SYSLIB1015 // What the text does not name becomes a field of the JSON line.
namespace Consensus.Host.Service;

/// <summary>Everything this service logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "Cut an unfinished group of {Bytes} bytes that was never acknowledged from {File} at offset {Offset}")]
    public static partial void TornTailCut(ILogger logger, string file, long offset, long bytes);

    [LoggerMessage(2, LogLevel.Error, "Proposals are refused: there is no space for another log segment. What was acknowledged is whole")]
    public static partial void DiskFull(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Critical, "The log failed and this process must end")]
    public static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Information, "Dropped log segments: the log now begins at index {First}")]
    public static partial void SegmentsDropped(ILogger logger, ulong first);

    [LoggerMessage(5, LogLevel.Information, "Member {Name} ({Member}) of cluster {Cluster} started at index {LastIndex}")]
    public static partial void Started(ILogger logger, string name, string member, string cluster, ulong lastIndex);

    [LoggerMessage(6, LogLevel.Information, "Member {Member}: leader is {Leader} at term {Term}")]
    public static partial void LeaderChanged(ILogger logger, string member, string leader, ulong term);

    [LoggerMessage(7, LogLevel.Information, "established TCP streaming connection with remote peer", EventName = "PeerConnected")]
    public static partial void PeerConnected(ILogger logger, string localMemberId, string remotePeerId);

    [LoggerMessage(8, LogLevel.Warning, "lost TCP streaming connection with remote peer", EventName = "PeerLost")]
    public static partial void PeerLost(ILogger logger, string localMemberId, string remotePeerId);

    [LoggerMessage(9, LogLevel.Warning, "Peer {Peer} cannot be reached at {Url}: {Reason}")]
    public static partial void PeerUnreachable(ILogger logger, string peer, string url, string reason);

    [LoggerMessage(10, LogLevel.Error, "request sent was ignored by remote peer due to cluster ID mismatch", EventName = "PeerOfOtherCluster")]
    public static partial void PeerOfOtherCluster(ILogger logger, string remotePeerId, string remotePeerUrl, string localMemberClusterId);

    [LoggerMessage(11, LogLevel.Warning, "request cluster ID mismatch", EventName = "CallerOfOtherCluster")]
    public static partial void CallerOfOtherCluster(ILogger logger, string remotePeerId, string remotePeerClusterId, string localMemberClusterId);

    [LoggerMessage(12, LogLevel.Warning, "the member has been permanently removed from the cluster", EventName = "Removed")]
    public static partial void Removed(ILogger logger, string memberId);

    [LoggerMessage(13, LogLevel.Debug, "Proposals to leader {Leader} may be lost: {Reason}")]
    public static partial void ForwardBroken(ILogger logger, string leader, string reason);

    [LoggerMessage(14, LogLevel.Debug, "A message of kind {Kind} from {From} was refused: {Error}")]
    public static partial void MessageRefused(ILogger logger, MessageKind kind, string from, RaftError error);

    [LoggerMessage(15, LogLevel.Warning, "The log was too far behind its leader's and begins anew after index {Before}")]
    public static partial void LogReset(ILogger logger, ulong before);

    [LoggerMessage(16, LogLevel.Information, "published local member to cluster through raft", EventName = "Published")]
    public static partial void Published(ILogger logger, string localMemberId, string name);

    [LoggerMessage(17, LogLevel.Debug, "This member's attributes are not published yet: {Reason}")]
    public static partial void NotPublished(ILogger logger, string reason);

    [LoggerMessage(18, LogLevel.Debug, "Leader {Leader} did not take a membership change: {Reason}")]
    public static partial void LeaderUnreachable(ILogger logger, string leader, string reason);

    [LoggerMessage(19, LogLevel.Information, "Leadership handed over before the stop: {Outcome}; the leader is {Leader}")]
    public static partial void LeftLeadership(ILogger logger, TransferOutcome outcome, string leader);

    [LoggerMessage(20, LogLevel.Warning, "Forced a new cluster of this member alone; removed: {Removed}")]
    public static partial void ForcedNewCluster(ILogger logger, string removed);

    [LoggerMessage(21, LogLevel.Warning, "slow append to the log")]
    public static partial void SlowAppend(ILogger logger, double milliseconds, int entries);
}
