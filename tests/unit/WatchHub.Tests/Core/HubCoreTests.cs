using System.Runtime.InteropServices;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Tests.Fakes;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Core;

/// <summary>The rules of v3 watches, one by one, on the core alone.</summary>
public class HubCoreTests
{
    [Fact]
    public void Create_StartZero_DeliversOnlyLaterRevisions()
    {
        var hub = new CoreHarness();
        hub.Feed(Revision(2, Put("a", 2)));
        var session = hub.Session();
        hub.Core.Create(session, Watch(7, "a"));
        hub.Feed(Revision(3, Put("a", 3)));
        hub.Feed(Revision(4, Put("b", 4)));

        var messages = hub.SettleAndRead(session);
        Assert.Equal(2, messages.Count);
        Assert.Equal((WatchMessageKind.Created, 2L), (messages[0].Kind, messages[0].Revision));
        Assert.Equal((WatchMessageKind.Events, 3L, 3L), (messages[1].Kind, messages[1].Revision, messages[1].LastRevision));
        Assert.Equal(["3:a"], Read(messages[1]));
        Assert.Equal(Term, messages[1].Term);
    }

    [Fact]
    public void Create_MinRevisionAheadOfFeed_SkipsWhatTheCallerHasSeen()
    {
        var hub = new CoreHarness(current: 5);
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", min: 7));
        foreach (var revision in new[] { 6L, 7, 8 })
            hub.Feed(Revision(revision, Put("a", revision)));

        var messages = hub.SettleAndRead(session);
        Assert.Equal(7, messages[0].Revision);
        Assert.Equal(["8:a"], Read(Assert.Single(messages.Skip(1))));
    }

    [Fact]
    public void Create_StartInWindow_CatchesUpInOneMessage()
    {
        var hub = new CoreHarness();
        // The window is kept for as long as anybody watches.
        hub.Core.Create(hub.Session(), Watch(1, "b"));
        for (var revision = 2L; revision <= 6; revision++)
            hub.Feed(Revision(revision, Put(revision % 2 == 0 ? "a" : "z", revision)));
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 3));

        var messages = hub.SettleAndRead(session);
        Assert.Equal(["4:a", "6:a"], Read(Assert.Single(messages.Skip(1))));
        Assert.Equal((6L, 6L), (messages[1].Revision, messages[1].LastRevision));
    }

    [Fact]
    public void Create_PastThatWasFedWithoutWatchers_AsksForHistory()
    {
        var hub = new CoreHarness();
        for (var revision = 2L; revision <= 6; revision++)
            hub.Feed(Revision(revision, Put("a", revision)));
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 3));
        hub.Turn();
        Assert.Single(hub.PendingHistory);

        Assert.Equal(["3:a", "4:a", "5:a", "6:a"], hub.SettleAndRead(session).Skip(1).SelectMany(Read));
    }

    [Fact]
    public void Create_StartBelowWindow_ReadsHistoryThenJoinsLive()
    {
        var hub = new CoreHarness(current: 10);
        for (var revision = 2L; revision <= 10; revision++)
            hub.History.Add(Revision(revision, Put("a", revision)));
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 4));
        hub.Turn();
        Assert.Single(hub.PendingHistory);
        hub.Feed(Revision(11, Put("a", 11)));

        var events = hub.SettleAndRead(session).Skip(1).SelectMany(Read);
        Assert.Equal(Enumerable.Range(4, 8).Select(revision => $"{revision}:a"), events);
    }

    [Fact]
    public void Create_FutureStart_WaitsForIt()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 4));
        for (var revision = 2L; revision <= 5; revision++)
            hub.Feed(Revision(revision, Put("a", revision)));
        Assert.Equal(["4:a", "5:a"], hub.SettleAndRead(session).Skip(1).SelectMany(Read));
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void Create_StartAroundCompaction_CanceledOnlyBelow(long start, bool canceled)
    {
        var hub = new CoreHarness(current: 8) { Compacted = 5 };
        for (var revision = 5L; revision <= 8; revision++)
            hub.History.Add(Revision(revision, Put("a", revision)));
        hub.Core.Advance(8, 5, Term);
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: start));

        var messages = hub.SettleAndRead(session);
        Assert.Equal(WatchMessageKind.Created, messages[0].Kind);
        if (canceled)
            Assert.Equal((WatchMessageKind.Canceled, 5L, 0L), (messages[1].Kind, messages[1].CompactRevision, messages[1].Revision));
        else
            Assert.Equal(["5:a", "6:a", "7:a", "8:a"], messages.Skip(1).SelectMany(Read));
    }

    /// <summary>The window has what is asked for, but whoever asks has seen it compacted.</summary>
    [Fact]
    public void Create_CallerHasSeenACompactionThatTheHubHasNot_CanceledBelowIt()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a"));
        for (var revision = 2L; revision <= 6; revision++)
            hub.Feed(Revision(revision, Put("a", revision)));
        hub.Core.Create(session, Watch(2, "a", start: 4) with { MinCompacted = 5 });
        hub.Core.Create(session, Watch(3, "a", start: 5) with { MinCompacted = 5 });
        var messages = hub.SettleAndRead(session);
        var canceled = Assert.Single(messages, static one => one.Kind == WatchMessageKind.Canceled);
        Assert.Equal((2L, 5L), (canceled.WatchId, canceled.CompactRevision));
        Assert.Equal(["5:a", "6:a"], messages.Where(static one => one.WatchId == 3 && one.Kind == WatchMessageKind.Events).SelectMany(Read));
        Assert.DoesNotContain(messages, static one => one.WatchId == 2 && one.Kind == WatchMessageKind.Events);
    }

    /// <summary>So that an idle watch that has to be opened elsewhere begins behind the compaction. Not before everything is delivered.</summary>
    [Fact]
    public void Advance_Compaction_EachSessionHearsHowFarItIs()
    {
        var hub = new CoreHarness(new HubLimits { SessionMessages = 4 });
        var (idle, full, empty) = (hub.Session(), hub.Session(), hub.Session());
        hub.Core.Create(idle, Watch(1, "idle"));
        hub.Core.Create(full, Watch(1, "a"));
        hub.SettleAndRead(idle);
        hub.Read(full);
        for (var revision = 2L; revision <= 9; revision++)
            hub.Feed(Revision(revision, Put("a", revision)));
        hub.Core.Advance(9, 7, Term);
        Assert.Equal((-1L, WatchMessageKind.Progress, 9L), hub.SettleAndRead(idle).Select(static one => (one.WatchId, one.Kind, one.Revision)).Single());
        Assert.DoesNotContain(hub.SettleAndRead(full), static one => one.Kind == WatchMessageKind.Progress);
        Assert.Equal(WatchMessageKind.Progress, hub.SettleAndRead(full)[^1].Kind);
        Assert.Empty(hub.SettleAndRead(empty));
        // The same again is no news.
        hub.Core.Advance(9, 7, Term);
        Assert.Empty(hub.SettleAndRead(idle));
    }

    [Fact]
    public void CatchUp_PreviousValueBelowTheCompaction_IsLeftOut()
    {
        var hub = new CoreHarness();
        for (var revision = 2L; revision <= 4; revision++)
            hub.Feed(Revision(revision, Put("a", revision, previous: $"{revision - 1}")));
        hub.Core.Advance(4, 3, Term);
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 3, previous: true));

        var events = hub.SettleAndRead(session).Skip(1).SelectMany(Events).ToList();
        Assert.Equal([null, "3"], events.Select(static one => one.PrevKv?.Value.ToStringUtf8()));
    }

    [Fact]
    public void CatchUp_AtTheCompactedRevision_EachKeysLastChange()
    {
        var hub = new CoreHarness();
        hub.Feed(Revision(2, Put("a", 2), Put("b", 2), Delete("a", 2)));
        hub.Feed(Revision(3, Put("a", 3), Delete("a", 3)));
        hub.Core.Advance(3, 2, Term);
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", "c", start: 2));

        var events = hub.SettleAndRead(session).Skip(1).SelectMany(Events);
        Assert.Equal(
            ["Put b", "Delete a", "Put a", "Delete a"], events.Select(static one => $"{one.Type} {one.Kv.Key.ToStringUtf8()}"));
    }

    [Fact]
    public void Apply_TransactionOverSeveralWatchedKeys_OneMessageWithAllInOrder()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", "c"));
        hub.Core.Create(session, Watch(2, "b"));
        hub.Feed(Revision(2, Put("b", 2), Put("x", 2), Delete("a", 2)));

        var messages = hub.SettleAndRead(session).Where(one => one.Kind == WatchMessageKind.Events).ToDictionary(one => one.WatchId);
        Assert.Equal(["2:b", "2:a"], Read(messages[1]));
        Assert.Equal(["2:b"], Read(messages[2]));
    }

    [Fact]
    public void Apply_ThousandWatchersOfOneKey_ShareOneBuffer()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        for (var id = 0; id < 1000; id++)
            hub.Core.Create(session, id % 2 == 0 ? Watch(id, "k") : Watch(id, "a", "z"));
        hub.SettleAndRead(session);
        hub.Feed(Revision(2, Put("k", 2)));

        var messages = hub.SettleAndRead(session);
        Assert.Equal(1000, messages.Select(one => one.WatchId).Distinct().Count());
        Assert.True(MemoryMarshal.TryGetArray(messages[0].Events, out var first));
        Assert.All(messages, one =>
        {
            Assert.True(MemoryMarshal.TryGetArray(one.Events, out var other));
            Assert.Same(first.Array, other.Array);
        });
    }

    [Fact]
    public void Apply_FiltersAndPreviousValue_EachWatchGetsItsForm()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "k", noPut: true));
        hub.Core.Create(session, Watch(2, "k", noDelete: true));
        hub.Core.Create(session, Watch(3, "k", previous: true));
        hub.Feed(Revision(2, Put("k", 2, previous: "old")));
        hub.Feed(Revision(3, Delete("k", 3, previous: "v")));

        var messages = hub.SettleAndRead(session).Where(one => one.Kind == WatchMessageKind.Events).ToLookup(one => one.WatchId);
        Assert.Equal(["3:k"], messages[1].SelectMany(Read));
        Assert.Equal(["2:k"], messages[2].SelectMany(Read));
        Assert.Null(Events(messages[2].First()).Single().PrevKv);
        Assert.Equal(["old", "v"], messages[3].SelectMany(Events).Select(one => one.PrevKv.Value.ToStringUtf8()));
    }

    [Fact]
    public void Apply_LargeRevision_SplitOnlyWhenFragmentsWereAskedFor()
    {
        var hub = new CoreHarness(new HubLimits { MessageBytes = 300 });
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", "z"));
        hub.Core.Create(session, Watch(2, "a", "z", fragment: true));
        var value = new string('x', 100);
        hub.Feed(Revision(2, [.. Enumerable.Range(0, 7).Select(n => Put($"k{n}", 2, value))]));

        var messages = hub.SettleAndRead(session).Where(one => one.Kind == WatchMessageKind.Events).ToLookup(one => one.WatchId);
        Assert.Equal(7, Read(Assert.Single(messages[1])).Count);
        Assert.True(messages[2].Count() > 1);
        Assert.All(messages[2], one => Assert.True(one.Events.Length <= 300));
        Assert.All(messages[2].SkipLast(1), one => Assert.True(one.Fragment));
        Assert.False(messages[2].Last().Fragment);
        Assert.Equal(Read(messages[1].Single()), messages[2].SelectMany(Read));
    }

    [Fact]
    public void Cancel_LiveWatch_NothingMoreForThatId()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a"));
        hub.Core.Cancel(session, 1);
        hub.Core.Cancel(session, 99);
        hub.Feed(Revision(2, Put("a", 2)));
        var messages = hub.SettleAndRead(session);
        Assert.Equal([WatchMessageKind.Created, WatchMessageKind.Canceled], messages.Select(one => one.Kind));
        Assert.Equal(0, messages[1].CompactRevision);
    }

    [Fact]
    public void RequestProgress_WatchBehind_AnsweredOnceAfterItsEvents()
    {
        var hub = new CoreHarness(current: 10);
        for (var revision = 2L; revision <= 10; revision++)
            hub.History.Add(Revision(revision, Put("a", revision)));
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 2));
        hub.Core.RequestProgress(session);
        hub.Core.RequestProgress(session);
        hub.Turn();
        Assert.DoesNotContain(hub.Read(session), one => one.Kind == WatchMessageKind.Progress);

        var messages = hub.SettleAndRead(session);
        Assert.Equal((-1L, WatchMessageKind.Progress, 10L), (messages[^1].WatchId, messages[^1].Kind, messages[^1].Revision));
        Assert.Single(messages, one => one.Kind == WatchMessageKind.Progress);
        Assert.Equal(9, messages.Where(one => one.Kind == WatchMessageKind.Events).SelectMany(Read).Count());
    }

    [Fact]
    public void RequestProgress_NoWatches_Ignored()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.RequestProgress(session);
        Assert.Empty(hub.SettleAndRead(session));
    }

    [Fact]
    public void Tick_IntervalPassed_OnlyIdleWatchersThatAskedForItHear()
    {
        var hub = new CoreHarness(new HubLimits { ProgressInterval = TimeSpan.FromSeconds(10) });
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", progress: true));
        hub.Core.Create(session, Watch(2, "b", progress: true));
        hub.Core.Create(session, Watch(3, "c"));
        hub.Feed(Revision(2, Put("a", 2)));
        hub.SettleAndRead(session);
        hub.Core.Tick(TimeSpan.FromSeconds(9));
        Assert.Empty(hub.SettleAndRead(session));
        hub.Core.Tick(TimeSpan.FromSeconds(10));
        Assert.Equal([2L], hub.SettleAndRead(session).Select(one => one.WatchId));
        hub.Core.Tick(TimeSpan.FromSeconds(20));
        Assert.Equal([1L, 2L], hub.SettleAndRead(session).Select(one => one.WatchId).Order());
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    public void Tick_StartHasNotComeYet_HearsNothingBeforeUnlessItStoodThere(bool isResumed, int firstProgress)
    {
        var hub = new CoreHarness(new HubLimits { ProgressInterval = TimeSpan.FromSeconds(10) });
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a", start: 3, progress: true) with { IsResumed = isResumed });
        hub.SettleAndRead(session);
        for (var round = 1; round <= 3; round++)
        {
            hub.Core.Tick(TimeSpan.FromSeconds(10 * round));
            Assert.Equal(round >= firstProgress, hub.SettleAndRead(session).Count > 0);
            hub.Feed(Revision(round + 1, Put("other", round + 1)));
        }
    }

    [Fact]
    public void Apply_FullSession_BlocksItsWatchersAloneAndLosesNothing()
    {
        var hub = new CoreHarness(new HubLimits { SessionMessages = 4, WindowBytes = 1000 });
        var slow = hub.Session();
        var quick = hub.Session();
        hub.Core.Create(slow, Watch(1, "a"));
        hub.Core.Create(quick, Watch(1, "a"));
        var seen = new List<string>();
        for (var revision = 2L; revision <= 101; revision++)
        {
            hub.Feed(Revision(revision, Put("a", revision)));
            seen.AddRange(hub.SettleAndRead(quick).Where(one => one.Kind == WatchMessageKind.Events).SelectMany(Read));
            Assert.True(hub.Unread(slow) <= 4);
        }
        var expected = Enumerable.Range(2, 100).Select(revision => $"{revision}:a").ToList();
        Assert.Equal(expected, seen);

        var late = new List<string>();
        for (var messages = hub.SettleAndRead(slow); messages.Count > 0; messages = hub.SettleAndRead(slow))
            late.AddRange(messages.Where(one => one.Kind == WatchMessageKind.Events).SelectMany(Read));
        Assert.Equal(expected, late);
    }

    [Fact]
    public void FeedLost_SyncedWatcher_GetsTheMissedRevisionsFromHistory()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a"));
        hub.Feed(Revision(2, Put("a", 2)));
        hub.Core.FeedLost();
        hub.History.Add(Revision(3, Put("a", 3)));
        hub.Core.Advance(3, 0, Term);
        hub.Feed(Revision(4, Put("a", 4)));
        Assert.Equal(["2:a", "3:a", "4:a"], hub.SettleAndRead(session).Skip(1).SelectMany(Read));
    }

    [Fact]
    public void FeedLost_TurnBeforeTheFeedGoesOn_GetsTheMissedRevisionsFromHistory()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a"));
        hub.Core.FeedLost();
        // The shell asks storage where it is; meanwhile turns are taken, and watches come.
        hub.Settle();
        hub.Core.Create(session, Watch(2, "a"));
        hub.Settle();
        hub.History.Add(Revision(2, Put("a", 2)));
        hub.Core.Advance(2, 0, Term);
        hub.Feed(Revision(3, Put("a", 3)));
        var heard = hub.SettleAndRead(session).Where(one => one.Kind == WatchMessageKind.Events).ToLookup(one => one.WatchId);
        Assert.Equal(["2:a", "3:a"], heard[1].SelectMany(Read));
        Assert.Equal(["2:a", "3:a"], heard[2].SelectMany(Read));
    }

    [Fact]
    public void FeedLost_FeedGoesOnWhereItWas_NothingComesTwice()
    {
        var hub = new CoreHarness();
        var session = hub.Session();
        hub.Core.Create(session, Watch(1, "a"));
        hub.Feed(Revision(2, Put("a", 2)));
        hub.Core.FeedLost();
        hub.Settle();
        // A replica that has not compacted what the other one has.
        hub.Core.Advance(2, 0, Term);
        hub.Feed(Revision(3, Put("a", 3)));
        Assert.Equal(["2:a", "3:a"], hub.SettleAndRead(session).Skip(1).SelectMany(Read));
        Assert.Empty(hub.PendingHistory);
    }

    [Fact]
    public void Create_AnswersNeverRead_SessionFails()
    {
        var hub = new CoreHarness(new HubLimits { SessionMessages = 4, SessionControlMessages = 10 });
        var session = hub.Session();
        for (var id = 0; id < 20; id++)
            hub.Core.Create(session, Watch(id, "a"));
        Assert.True(session.IsFailed);
    }
}
