using WatchHub.Feed.Core.Cluster;

namespace WatchHub.Feed.Cluster;

/// <summary>Looks at the cluster.</summary>
internal static class ClusterLook
{
    /// <summary>Members as of a read index, so that a member that is behind takes nothing back; the rest as the storage replica that answers has it.</summary>
    public static async Task<ClusterPicture> TakeAsync(FeedContext context, CancellationToken cancellation)
    {
        var index = await context.Consensus.ReadIndexAsync(cancellation).ConfigureAwait(false);
        var consensus = await context.Consensus.GetStatusAsync(index.Index, cancellation).ConfigureAwait(false);
        var storage = await context.Storage.GetStatusAsync(cancellation).ConfigureAwait(false);
        return new ClusterPicture
        {
            Term = consensus.Term.Value,
            Leader = consensus.Leader.Value,
            Members =
            [
                .. consensus.Members.OrderBy(static member => member.Id.Value).Select(static member => new MemberPicture(
                    member.Id.Value, member.Name, string.Join(',', member.PeerUrls), string.Join(',', member.ClientUrls), member.IsLearner)),
            ],
            Alarms = [.. storage.Alarms.Select(static alarm => new AlarmPicture(alarm.MemberId, alarm.AlarmType))],
            CompactRevision = storage.CompactRevision,
            LeaseEpoch = storage.LeaseEpoch,
            AppliedIndex = storage.AppliedIndex.Value,
        };
    }
}
