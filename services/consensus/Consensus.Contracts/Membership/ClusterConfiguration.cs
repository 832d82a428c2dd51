using System.Collections.Immutable;

namespace Consensus.Contracts;

/// <summary>
/// Who the members of a cluster are at one point of the log. An entry of <see cref="EntryKind.Configuration"/> holds one, whole
/// (<see cref="ConfigurationFormat"/>); it takes effect on each member once that member knows the entry to be committed.
/// </summary>
/// <remarks>
/// At effect on commit, as in etcd, a cluster of one can take in a second member that has not started yet. Two configurations that
/// follow each other in a log always have intersecting quorums: they differ by one voter, or one of them is joint (Raft thesis §4.3).
/// </remarks>
public sealed record ClusterConfiguration
{
    /// <summary>All members, learners among them, by ascending id.</summary>
    public required ImmutableArray<Member> Members { get; init; }

    /// <summary>
    /// While a joint configuration is in effect: the voters of the configuration that is being left, ascending. Elections and commits need a majority of
    /// these and a majority of the voters among <see cref="Members"/>. Empty otherwise.
    /// </summary>
    public ImmutableArray<MemberId> OutgoingVoters { get; init; } = [];

    /// <summary>Ids that were members and may never be again, ascending.</summary>
    public ImmutableArray<MemberId> Removed { get; init; } = [];

    /// <summary>Ids of the newest <see cref="RememberedChanges"/> changes, oldest first: one that is asked for again, because its answer got lost, has been made.</summary>
    public ImmutableArray<ulong> RecentChanges { get; init; } = [];

    /// <summary>Length of <see cref="RecentChanges"/> at most.</summary>
    public const int RememberedChanges = 32;

    public bool IsJoint => !OutgoingVoters.IsEmpty;

    /// <summary>The member of this id; null when there is none.</summary>
    public Member? Find(MemberId id)
    {
        foreach (var member in Members)
        {
            if (member.Id == id)
                return member;
        }
        return null;
    }
}
