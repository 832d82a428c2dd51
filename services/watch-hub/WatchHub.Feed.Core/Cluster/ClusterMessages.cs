using System.Globalization;
using WatchHub.Messages;

namespace WatchHub.Feed.Core.Cluster;

/// <summary>Messages of cluster events.</summary>
/// <param name="feed">Name of the feed.</param>
/// <param name="source">Of its events.</param>
public sealed class ClusterMessages(string feed, string source)
{
    public StoreMessage Of(ClusterChange change, DateTimeOffset time) => Make(change) with { Id = change.Id, Source = source, Feed = feed, Time = time };

    private static StoreMessage Make(ClusterChange change) => change switch
    {
        LeaderChange leader => new LeaderChanged
        {
            Type = MessageTypes.LeaderChanged,
            Subject = "leader",
            Term = leader.Term,
            Leader = Hex(leader.Leader),
            PreviousLeader = Hex(leader.PreviousLeader),
        },
        MembershipChange member => new MemberChanged
        {
            Type = MessageTypes.MemberChanged,
            Subject = "members/" + Hex(member.Member.Id),
            Change = member.Change,
            Member = Hex(member.Member.Id),
            Name = member.Member.Name,
            PeerUrls = Urls(member.Member.PeerUrls),
            ClientUrls = Urls(member.Member.ClientUrls),
            IsLearner = member.Member.IsLearner,
        },
        AlarmChange { Alarm: var alarm } => new AlarmRaised
        {
            Type = MessageTypes.AlarmRaised,
            Subject = $"alarms/{Hex(alarm.Member)}/{NameOf(alarm)}",
            Alarm = NameOf(alarm),
            Member = Hex(alarm.Member),
        },
        CompactionChange compaction => new CompactionDone { Type = MessageTypes.CompactionDone, Subject = "compaction", CompactRevision = compaction.CompactRevision },
        LeaseManagerChange manager => new LeaseManagerHandedOver { Type = MessageTypes.LeaseManagerHandedOver, Subject = "lease-manager", Epoch = manager.Epoch },
        _ => throw new ArgumentException("no cluster event", nameof(change)),
    };

    private static string NameOf(AlarmPicture alarm) => alarm.Type switch
    {
        1 => "NOSPACE",
        2 => "CORRUPT",
        _ => alarm.Type.ToString(CultureInfo.InvariantCulture),
    };

    private static string Hex(ulong id) => id.ToString("x", CultureInfo.InvariantCulture);

    private static string[] Urls(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
