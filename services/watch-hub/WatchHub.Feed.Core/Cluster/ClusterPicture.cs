namespace WatchHub.Feed.Core.Cluster;

/// <summary>What a feed of cluster events has seen of the cluster. JSON in the store, so field names are a format.</summary>
public sealed record ClusterPicture
{
    public ulong Term { get; init; }

    /// <summary>0: none was known.</summary>
    public ulong Leader { get; init; }

    /// <summary>By ascending id.</summary>
    public IReadOnlyList<MemberPicture> Members { get; init; } = [];

    /// <summary>In any order, none twice.</summary>
    public IReadOnlyList<AlarmPicture> Alarms { get; init; } = [];

    /// <summary>-1 when nothing was ever compacted.</summary>
    public long CompactRevision { get; init; } = -1;

    /// <summary>Of the lease manager's claim; 0 before the first.</summary>
    public ulong LeaseEpoch { get; init; }

    /// <summary>Log index as of which alarms, compaction and claim are.</summary>
    public ulong AppliedIndex { get; init; }
}

/// <param name="Id">Member id.</param>
/// <param name="Name">Empty until it has started.</param>
/// <param name="PeerUrls">Between commas.</param>
/// <param name="ClientUrls">Between commas.</param>
/// <param name="IsLearner">It does not vote.</param>
public sealed record MemberPicture(ulong Id, string Name, string PeerUrls, string ClientUrls, bool IsLearner);

/// <param name="Member">Member id.</param>
/// <param name="Type">1 NOSPACE, 2 CORRUPT.</param>
public sealed record AlarmPicture(ulong Member, int Type);
