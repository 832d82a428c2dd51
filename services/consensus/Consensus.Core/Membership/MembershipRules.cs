using System.Collections.Immutable;
using Consensus.Contracts;
using Consensus.Core.Quorum;

namespace Consensus.Core.Membership;

/// <summary>Which membership changes are made, as etcd 3.5 decides it. Pure.</summary>
/// <remarks>
/// Order of a leader's questions: <see cref="WasMade"/>, <see cref="CheckHealth"/> when the strict reconfiguration check is on (for a learner's promotion
/// <see cref="IsInSync"/> before it), then <see cref="TryApply"/>.
/// </remarks>
public static class MembershipRules
{
    /// <summary>Learners at a time, as etcd's default.</summary>
    public const int MaxLearners = 1;

    /// <summary>True when a change of this id is among those remembered.</summary>
    public static bool WasMade(ClusterConfiguration current, MembershipChange change) => current.RecentChanges.Contains(change.Id);

    /// <summary>A learner may be promoted when it holds nine tenths of what the leader holds.</summary>
    public static bool IsInSync(LogIndex learner, LogIndex leader) => (UInt128)learner.Value * 10 >= (UInt128)leader.Value * 9;

    /// <summary>
    /// The configuration after a change. Nothing to do, since it was made before or says what is so already: <paramref name="next"/> is
    /// <paramref name="current"/> itself.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The kind is none: what comes off the wire is checked where it is decoded.</exception>
    public static MembershipError TryApply(ClusterConfiguration current, MembershipChange change, out ClusterConfiguration next)
    {
        next = current;
        if (WasMade(current, change))
            return MembershipError.None;
        if (current.Removed.Contains(change.Member))
            return MembershipError.MemberRemoved;

        var member = current.Find(change.Member);
        var error = change.Kind is MembershipChangeKind.AddVoter or MembershipChangeKind.AddLearner
            ? CheckAdd(current, change, member)
            : member is null ? MembershipError.MemberNotFound : CheckChange(current, change, member);
        if (error != MembershipError.None || IsPublishedAlready(change, member))
            return error;
        next = Apply(current, change, member);
        return MembershipError.None;
    }

    /// <summary>
    /// etcd's strict reconfiguration check: would the cluster still have a quorum afterwards, of members that have started and that answer?
    /// </summary>
    /// <param name="current">The configuration in effect.</param>
    /// <param name="change">What is asked for. A change that touches no quorum passes.</param>
    /// <param name="self">The member that checks; it counts as active.</param>
    /// <param name="active">Members it is connected to.</param>
    /// <param name="activeForFiveSeconds">Those of them it has been connected to for five seconds (etcd's health interval).</param>
    public static MembershipError CheckHealth(
        ClusterConfiguration current, MembershipChange change, MemberId self,
        IReadOnlySet<MemberId> active, IReadOnlySet<MemberId> activeForFiveSeconds)
    {
        var voters = current.Members.Where(member => !member.IsLearner).ToArray();
        var started = voters.Count(HasStarted);
        var lasting = voters.Count(voter => voter.Id == self || activeForFiveSeconds.Contains(voter.Id));
        switch (change.Kind)
        {
            case MembershipChangeKind.AddVoter or MembershipChangeKind.AddLearner when voters.Length == 1:
                // Taking in a second member has to be possible, though it will not have started.
                return change.Kind == MembershipChangeKind.AddLearner || started == 1 ? MembershipError.None : MembershipError.NotEnoughStarted;
            case MembershipChangeKind.AddVoter when started < Majority.Of(voters.Length + 1):
                return MembershipError.NotEnoughStarted;
            case MembershipChangeKind.AddVoter or MembershipChangeKind.AddLearner:
                // As if it voted and were down, learners too.
                return lasting >= Majority.Of(voters.Length + 1) ? MembershipError.None : MembershipError.UnhealthyCluster;
            case MembershipChangeKind.Promote:
                // A learner that is in sync has started.
                return started + 1 >= Majority.Of(voters.Length + 1) ? MembershipError.None : MembershipError.NotEnoughStarted;
            case MembershipChangeKind.Remove when current.Find(change.Member) is not { IsLearner: true }:
                return CheckRemoval(voters, change.Member, self, active, lasting);
            default:
                return MembershipError.None;
        }
    }

    private static MembershipError CheckRemoval(Member[] voters, MemberId leaving, MemberId self, IReadOnlySet<MemberId> active, int lasting)
    {
        var rest = voters.Where(voter => voter.Id != leaving).ToArray();
        if (rest.Count(HasStarted) < Majority.Of(rest.Length))
            return MembershipError.NotEnoughStarted;
        // Who is down is no part of the quorum that works.
        if (leaving != self && !active.Contains(leaving))
            return MembershipError.None;
        return lasting - 1 >= 1 + (voters.Length - 1) / 2 ? MembershipError.None : MembershipError.UnhealthyCluster;
    }

    private static bool HasStarted(Member member) => member.Name.Length > 0;

    private static MembershipError CheckAdd(ClusterConfiguration current, MembershipChange change, Member? member)
    {
        if (member is not null)
            return MembershipError.MemberIdExists;
        if (IsAnyPeerUrlTaken(current, change))
            return MembershipError.PeerUrlExists;
        var learners = current.Members.Count(other => other.IsLearner);
        if (change.Kind == MembershipChangeKind.AddLearner)
            return learners >= MaxLearners ? MembershipError.TooManyLearners : MembershipError.None;
        return CheckVoters(current.Members.Length - learners + 1);
    }

    private static MembershipError CheckChange(ClusterConfiguration current, MembershipChange change, Member member)
    {
        var voters = current.Members.Count(other => !other.IsLearner);
        return change.Kind switch
        {
            MembershipChangeKind.UpdatePeerUrls when IsAnyPeerUrlTaken(current, change) => MembershipError.PeerUrlExists,
            MembershipChangeKind.Promote when !member.IsLearner => MembershipError.NotALearner,
            MembershipChangeKind.Promote => CheckVoters(voters + 1),
            // Nobody would be left to lead; refused even when the strict check is off.
            MembershipChangeKind.Remove when !member.IsLearner && voters == 1 => MembershipError.NotEnoughStarted,
            _ => MembershipError.None,
        };
    }

    private static MembershipError CheckVoters(int voters) =>
        voters > Majority.MaxVoters ? MembershipError.TooManyVoters : MembershipError.None;

    private static bool IsAnyPeerUrlTaken(ClusterConfiguration current, MembershipChange change) =>
        current.Members.Any(other => other.Id != change.Member && other.PeerUrls.Intersect(change.PeerUrls, StringComparer.Ordinal).Any());

    private static bool IsPublishedAlready(MembershipChange change, Member? member) =>
        change.Kind == MembershipChangeKind.Publish && member is not null
        && member.Name == change.Name && member.ClientUrls.SequenceEqual(change.ClientUrls, StringComparer.Ordinal);

    private static ClusterConfiguration Apply(ClusterConfiguration current, MembershipChange change, Member? member)
    {
        var others = current.Members.Where(other => other.Id != change.Member);
        var changed = change.Kind switch
        {
            MembershipChangeKind.AddVoter => new Member(change.Member, "", change.PeerUrls, [], IsLearner: false),
            MembershipChangeKind.AddLearner => new Member(change.Member, "", change.PeerUrls, [], IsLearner: true),
            MembershipChangeKind.Remove => null,
            MembershipChangeKind.UpdatePeerUrls => member! with { PeerUrls = change.PeerUrls },
            MembershipChangeKind.Promote => member! with { IsLearner = false },
            MembershipChangeKind.Publish => member! with { Name = change.Name, ClientUrls = change.ClientUrls },
            _ => throw new ArgumentOutOfRangeException(nameof(change), change.Kind, "no change"),
        };
        return current with
        {
            Members = [.. (changed is null ? others : others.Append(changed)).OrderBy(other => other.Id.Value)],
            Removed = changed is null ? [.. current.Removed.Append(change.Member).OrderBy(id => id.Value)] : current.Removed,
            RecentChanges = [.. current.RecentChanges.Append(change.Id).TakeLast(ClusterConfiguration.RememberedChanges)],
        };
    }
}
