using System.Globalization;
using WatchHub.Messages;

namespace WatchHub.Feed.Core.Cluster;

/// <summary>Which events lie between two pictures of the cluster.</summary>
public static class ClusterWatch
{
    /// <summary>
    /// The cursor with what is new; the same object when nothing is. What a member or replica that is behind says does not take back what was seen. Between two looks only the difference
    /// counts: an alarm that came and went is no event.
    /// </summary>
    /// <param name="cursor">Where the feed is; its pending events are kept.</param>
    /// <param name="now">What the cluster looks like.</param>
    public static ClusterCursor Advance(ClusterCursor cursor, ClusterPicture now)
    {
        var (seen, sequence, changes) = (cursor.Seen, cursor.Sequence, new List<ClusterChange>());
        if (now.Term > seen.Term && now.Leader != 0)
        {
            changes.Add(new LeaderChange(Text($"leader-{now.Term}"), now.Term, now.Leader, seen.Leader));
            seen = seen with { Term = now.Term, Leader = now.Leader };
        }
        AddMembers(seen.Members, now.Members, ref sequence, changes);
        seen = seen.Members.SequenceEqual(now.Members) ? seen : seen with { Members = now.Members };
        if (now.AppliedIndex >= seen.AppliedIndex)
            seen = AddReplicated(seen, now, ref sequence, changes);
        // An applied index that moved on is nothing to write down.
        return changes.Count == 0 && IsSame(seen, cursor.Seen)
            ? cursor
            : new ClusterCursor { Sequence = sequence, Seen = seen with { AppliedIndex = Math.Max(seen.AppliedIndex, now.AppliedIndex) }, Pending = [.. cursor.Pending, .. changes] };
    }

    private static ClusterPicture AddReplicated(ClusterPicture seen, ClusterPicture now, ref long sequence, List<ClusterChange> changes)
    {
        foreach (var alarm in now.Alarms.Except(seen.Alarms).OrderBy(static alarm => (alarm.Member, alarm.Type)))
            changes.Add(new AlarmChange(Text($"alarm-{alarm.Member:x}-{alarm.Type}-{++sequence}"), alarm));
        if (now.CompactRevision > seen.CompactRevision)
            changes.Add(new CompactionChange(Text($"compaction-{now.CompactRevision}"), now.CompactRevision));
        if (now.LeaseEpoch > seen.LeaseEpoch)
            changes.Add(new LeaseManagerChange(Text($"lease-manager-{now.LeaseEpoch}"), now.LeaseEpoch));
        return seen with
        {
            Alarms = seen.Alarms.ToHashSet().SetEquals(now.Alarms) ? seen.Alarms : now.Alarms,
            CompactRevision = Math.Max(seen.CompactRevision, now.CompactRevision),
            LeaseEpoch = Math.Max(seen.LeaseEpoch, now.LeaseEpoch),
        };
    }

    private static void AddMembers(
        IReadOnlyList<MemberPicture> before, IReadOnlyList<MemberPicture> after, ref long sequence, List<ClusterChange> changes)
    {
        var old = before.ToDictionary(static member => member.Id);
        foreach (var member in after)
        {
            MemberChange? change = !old.Remove(member.Id, out var was) ? MemberChange.Added
                : was == member ? null
                : was.IsLearner && !member.IsLearner ? MemberChange.Promoted
                : MemberChange.Updated;
            if (change is { } happened)
                changes.Add(new MembershipChange(Text($"member-{member.Id:x}-{++sequence}"), happened, member));
        }
        foreach (var member in old.Values.OrderBy(static member => member.Id))
            changes.Add(new MembershipChange(Text($"member-{member.Id:x}-{++sequence}"), MemberChange.Removed, member));
    }

    private static bool IsSame(ClusterPicture left, ClusterPicture right) =>
        left with { AppliedIndex = right.AppliedIndex, Members = right.Members, Alarms = right.Alarms } == right
        && ReferenceEquals(left.Members, right.Members) && ReferenceEquals(left.Alarms, right.Alarms);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
