using System.Collections.Immutable;
using Consensus.Contracts;
using Consensus.Core.Quorum;

namespace Consensus.Core.Membership;

/// <summary>What a configuration must be like, and how one leads to the next. Pure.</summary>
public static class ConfigurationRules
{
    /// <summary>Ids of the members that vote, ascending.</summary>
    public static ImmutableArray<MemberId> Voters(ClusterConfiguration configuration) =>
        [.. configuration.Members.Where(member => !member.IsLearner).Select(member => member.Id)];

    /// <summary>True for 1 to <see cref="Majority.MaxVoters"/> voters on each side, ids ascending and none removed earlier.</summary>
    public static bool IsValid(ClusterConfiguration configuration)
    {
        var voters = Voters(configuration).Length;
        var ids = configuration.Members.Select(member => member.Id).ToArray();
        return voters is > 0 and <= Majority.MaxVoters
            && configuration.OutgoingVoters.Length <= Majority.MaxVoters
            && ids.Union(configuration.OutgoingVoters).Count() <= JointQuorum.MaxPeers
            && AreAscending(ids) && AreAscending(configuration.OutgoingVoters) && AreAscending(configuration.Removed)
            && !ids.Intersect(configuration.Removed).Any();
    }

    /// <summary>
    /// What goes into the log on the way from <paramref name="current"/> to <paramref name="target"/>: the target itself when at most one voter
    /// changes, for then any two majorities meet; else the joint configuration (Raft thesis §4.3).
    /// </summary>
    public static ClusterConfiguration Enter(ClusterConfiguration current, ClusterConfiguration target)
    {
        var before = Voters(current);
        var after = Voters(target);
        var changed = before.Except(after).Count() + after.Except(before).Count();
        return changed <= 1 ? target : target with { OutgoingVoters = before };
    }

    /// <summary>The configuration that a joint one leads to.</summary>
    public static ClusterConfiguration Leave(ClusterConfiguration joint) => joint with { OutgoingVoters = [] };

    private static bool AreAscending(IReadOnlyList<MemberId> ids)
    {
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids[i].Value <= (i == 0 ? 0 : ids[i - 1].Value))
                return false;
        }
        return true;
    }
}
