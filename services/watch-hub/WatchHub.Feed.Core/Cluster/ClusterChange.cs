using System.Text.Json.Serialization;
using WatchHub.Messages;

namespace WatchHub.Feed.Core.Cluster;

/// <summary>One cluster event on its way. JSON in the store.</summary>
/// <param name="Id">Unique within the cluster.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(LeaderChange), "leader")]
[JsonDerivedType(typeof(MembershipChange), "member")]
[JsonDerivedType(typeof(AlarmChange), "alarm")]
[JsonDerivedType(typeof(CompactionChange), "compaction")]
[JsonDerivedType(typeof(LeaseManagerChange), "leaseManager")]
public abstract record ClusterChange(string Id);

public sealed record LeaderChange(string Id, ulong Term, ulong Leader, ulong PreviousLeader) : ClusterChange(Id);

public sealed record MembershipChange(string Id, MemberChange Change, MemberPicture Member) : ClusterChange(Id);

public sealed record AlarmChange(string Id, AlarmPicture Alarm) : ClusterChange(Id);

public sealed record CompactionChange(string Id, long CompactRevision) : ClusterChange(Id);

public sealed record LeaseManagerChange(string Id, ulong Epoch) : ClusterChange(Id);
