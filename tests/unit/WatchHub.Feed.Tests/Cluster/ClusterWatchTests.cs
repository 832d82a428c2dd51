using WatchHub.Feed.Core.Cluster;
using WatchHub.Messages;

namespace WatchHub.Feed.Tests.Cluster;

/// <summary>Which events lie between two looks at the cluster.</summary>
public class ClusterWatchTests
{
    private static readonly MemberPicture s_one = new(1, "m1", "http://p1", "http://c1", IsLearner: false);
    private static readonly MemberPicture s_two = new(2, "", "http://p2", "", IsLearner: true);

    private static readonly ClusterPicture s_first = new() { Term = 2, Leader = 1, Members = [s_one], CompactRevision = -1, LeaseEpoch = 1, AppliedIndex = 10 };

    private readonly ClusterCursor _cursor = new() { Seen = s_first };

    [Fact]
    public void Advance_NothingNew_IsTheSameObject() =>
        Assert.Same(_cursor, ClusterWatch.Advance(_cursor, s_first with { AppliedIndex = 20, Members = [s_one with { }], Alarms = [] }));

    [Fact]
    public void Advance_EverythingNew_IsToldInAFixedOrder()
    {
        var next = ClusterWatch.Advance(_cursor, new ClusterPicture
        {
            Term = 3,
            Leader = 2,
            Members = [s_one with { Name = "other" }, s_two],
            Alarms = [new(2, 2), new(1, 1)],
            CompactRevision = 50,
            LeaseEpoch = 4,
            AppliedIndex = 11,
        });
        Assert.Equal(
            ["leader-3", "member-1-1", "member-2-2", "alarm-1-1-3", "alarm-2-2-4", "compaction-50", "lease-manager-4"],
            next.Pending.Select(static change => change.Id));
        Assert.Same(next, ClusterWatch.Advance(next, next.Seen));
    }

    [Fact]
    public void Advance_NoLeader_IsNoEvent_UntilThereIsOne()
    {
        var without = ClusterWatch.Advance(_cursor, s_first with { Term = 3, Leader = 0 });
        Assert.Same(_cursor, without);
        Assert.Equal(new LeaderChange("leader-4", 4, 1, 1), Assert.Single(ClusterWatch.Advance(without, s_first with { Term = 4, Leader = 1 }).Pending));
    }

    [Fact]
    public void Advance_WhatIsBehind_TakesNothingBack()
    {
        var ahead = ClusterWatch.Advance(_cursor, s_first with { Alarms = [new(1, 1)], CompactRevision = 9, LeaseEpoch = 2, AppliedIndex = 30 });
        Assert.Same(ahead, ClusterWatch.Advance(ahead, s_first with { Term = 1, Leader = 7, AppliedIndex = 12 }));
    }

    [Fact]
    public void Advance_AlarmThatWasClearedAndComesAgain_HasAnotherId()
    {
        var alarm = new AlarmPicture(1, 1);
        var raised = ClusterWatch.Advance(_cursor, s_first with { Alarms = [alarm] });
        var cleared = ClusterWatch.Advance(raised, s_first);
        Assert.NotSame(raised, cleared);
        var again = ClusterWatch.Advance(cleared, s_first with { Alarms = [alarm] });
        Assert.Equal(["alarm-1-1-1", "alarm-1-1-2"], again.Pending.Select(static change => change.Id));
    }

    [Fact]
    public void Advance_MemberPromotedThenRemoved()
    {
        var added = ClusterWatch.Advance(_cursor, s_first with { Members = [s_one, s_two] });
        var promoted = ClusterWatch.Advance(added, s_first with { Members = [s_one, s_two with { IsLearner = false }] });
        var removed = ClusterWatch.Advance(promoted, s_first);
        Assert.Equal(
            [MemberChange.Added, MemberChange.Promoted, MemberChange.Removed],
            removed.Pending.Cast<MembershipChange>().Select(static change => change.Change));
    }

    [Fact]
    public void Cursor_IsReadAsItWasWritten()
    {
        var next = ClusterWatch.Advance(_cursor, s_first with { Term = 3, Members = [s_one, s_two], Alarms = [new(1, 1)], CompactRevision = 5, LeaseEpoch = 2, AppliedIndex = 11 });
        var read = ClusterCursor.TryDecode(next.Encode())!;
        Assert.Equal(next.Pending, read.Pending);
        Assert.Equal(next.Sequence, read.Sequence);
        Assert.Same(read, ClusterWatch.Advance(read, next.Seen));
        Assert.Null(ClusterCursor.TryDecode("123x"u8));
    }

    [Fact]
    public void Messages_OneTypeForEachKindOfEvent()
    {
        var next = ClusterWatch.Advance(_cursor, s_first with { Term = 3, Members = [], Alarms = [new(1, 1)], CompactRevision = 5, LeaseEpoch = 2, AppliedIndex = 11 });
        var messages = new ClusterMessages("cluster", "here");
        var made = next.Pending.Select(change => messages.Of(change, DateTimeOffset.UnixEpoch)).ToList();
        Assert.Equal(
            [typeof(LeaderChanged), typeof(MemberChanged), typeof(AlarmRaised), typeof(CompactionDone), typeof(LeaseManagerHandedOver)],
            made.Select(static message => message.GetType()));
        Assert.All(made, message => Assert.Equal(("here", "cluster", "1.0"), (message.Source, message.Feed, message.Specversion)));
        Assert.Equal("NOSPACE", made.OfType<AlarmRaised>().Single().Alarm);
    }
}
