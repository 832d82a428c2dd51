namespace Storage.Core.Database;

/// <summary>The buckets of etcd's database, and the keys of the one with etcd's own numbers.</summary>
internal static class BucketNames
{
    public const string Alarm = "alarm";
    public const string Auth = "auth";
    public const string AuthRoles = "authRoles";
    public const string AuthUsers = "authUsers";
    public const string Cluster = "cluster";
    public const string Key = "key";
    public const string Lease = "lease";
    public const string Members = "members";
    public const string MembersRemoved = "members_removed";
    public const string Meta = "meta";

    /// <summary>In Meta: applied index and its term, 8 bytes big-endian; revisions of compactions, in the form of a revision key; the members, as JSON.</summary>
    public static ReadOnlySpan<byte> ConsistentIndex => "consistent_index"u8;

    public static ReadOnlySpan<byte> Term => "term"u8;
    public static ReadOnlySpan<byte> ScheduledCompaction => "scheduledCompactRev"u8;
    public static ReadOnlySpan<byte> FinishedCompaction => "finishedCompactRev"u8;
    public static ReadOnlySpan<byte> Configuration => "confState"u8;

    /// <summary>In Auth: 1 when users have to log in.</summary>
    public static ReadOnlySpan<byte> AuthEnabled => "authEnabled"u8;

    /// <summary>In Auth: counts the changes of users and roles, 8 bytes big-endian.</summary>
    public static ReadOnlySpan<byte> AuthRevision => "authRevision"u8;

    /// <summary>In Cluster.</summary>
    public static ReadOnlySpan<byte> ClusterVersion => "clusterVersion"u8;
}
