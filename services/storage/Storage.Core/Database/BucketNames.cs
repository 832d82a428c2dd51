namespace Storage.Core.Database;

/// <summary>The buckets of etcd's database, and the keys of the one with etcd's own numbers.</summary>
internal static class BucketNames
{
    public static ReadOnlySpan<byte> Alarm => "alarm"u8;
    public static ReadOnlySpan<byte> Auth => "auth"u8;
    public static ReadOnlySpan<byte> AuthRoles => "authRoles"u8;
    public static ReadOnlySpan<byte> AuthUsers => "authUsers"u8;
    public static ReadOnlySpan<byte> Cluster => "cluster"u8;
    public static ReadOnlySpan<byte> Key => "key"u8;
    public static ReadOnlySpan<byte> Lease => "lease"u8;
    public static ReadOnlySpan<byte> Members => "members"u8;
    public static ReadOnlySpan<byte> MembersRemoved => "members_removed"u8;
    public static ReadOnlySpan<byte> Meta => "meta"u8;

    /// <summary>In Meta: applied index and its term, 8 bytes big-endian; revisions of compactions, in the form of a revision key; the members, as JSON.</summary>
    public static ReadOnlySpan<byte> ConsistentIndex => "consistent_index"u8;

    public static ReadOnlySpan<byte> Term => "term"u8;
    public static ReadOnlySpan<byte> ScheduledCompaction => "scheduledCompactRev"u8;
    public static ReadOnlySpan<byte> FinishedCompaction => "finishedCompactRev"u8;
    public static ReadOnlySpan<byte> Configuration => "confState"u8;

    /// <summary>In Cluster.</summary>
    public static ReadOnlySpan<byte> ClusterVersion => "clusterVersion"u8;
}
