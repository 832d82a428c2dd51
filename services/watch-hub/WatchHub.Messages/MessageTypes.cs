namespace WatchHub.Messages;

/// <summary>Values of <see cref="StoreMessage.Type"/>.</summary>
public static class MessageTypes
{
    public const string KeyPut = "distributed.key.put";
    public const string KeyDeleted = "distributed.key.deleted";
    public const string ChangesMissed = "distributed.feed.changes-missed";
    public const string LeaderChanged = "distributed.cluster.leader-changed";
    public const string MemberChanged = "distributed.cluster.member-changed";
    public const string AlarmRaised = "distributed.cluster.alarm-raised";
    public const string CompactionDone = "distributed.cluster.compaction-done";
    public const string LeaseManagerHandedOver = "distributed.cluster.lease-manager-handed-over";
}
