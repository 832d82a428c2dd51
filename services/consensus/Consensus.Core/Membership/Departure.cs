using Consensus.Contracts;
using Consensus.Core.Quorum;

namespace Consensus.Core.Membership;

/// <summary>When a member that was removed may stop for good.</summary>
/// <remarks>
/// Its vote counts for every member that does not know of the removal yet (Raft thesis §4.2.2, §4.3): that it knows of it itself is not enough. Once a majority of those who
/// go on have the removal in effect, and cannot forget it, they elect leaders without it and teach the rest.
/// </remarks>
public sealed class Departure
{
    private readonly HashSet<MemberId> _refusedBy = [];
    private LogIndex _newestIndex;

    /// <summary>The newest configuration that somebody refused this member under; null when nobody did.</summary>
    public ClusterConfiguration? Newest { get; private set; }

    /// <summary>True once nobody can need this member any more.</summary>
    public bool MayLeave =>
        Newest is { } newest && IsMajority(ConfigurationRules.Voters(newest)) && (!newest.IsJoint || IsMajority(newest.OutgoingVoters));

    /// <summary>Under this configuration the member neither belongs to the cluster nor votes, and never will again.</summary>
    public static bool IsOut(ClusterConfiguration configuration, MemberId member) =>
        configuration.Removed.Contains(member) && !configuration.OutgoingVoters.Contains(member);

    /// <summary>A member goes on without this one. True when that is news.</summary>
    /// <param name="by">Who says so.</param>
    /// <param name="index">Of the configuration.</param>
    /// <param name="configuration">In effect there, durably: <see cref="IsOut"/> holds of this member.</param>
    public bool Refused(MemberId by, LogIndex index, ClusterConfiguration configuration)
    {
        var isNews = _refusedBy.Add(by) | (Newest is null || index > _newestIndex);
        if (Newest is null || index > _newestIndex)
            (_newestIndex, Newest) = (index, configuration);
        return isNews;
    }

    private bool IsMajority(IReadOnlyCollection<MemberId> voters) => voters.Count(_refusedBy.Contains) >= Majority.Of(voters.Count);
}
