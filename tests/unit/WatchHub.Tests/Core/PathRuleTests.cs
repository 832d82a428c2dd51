using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Tests.Fakes;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Core;

/// <summary>What a v2 watch hears, live and from history.</summary>
public class PathRuleTests
{
    private const FeedEventKind RemovedDirectory = FeedEventKind.Delete | FeedEventKind.Directory;

    [Theory]
    // watched, recursive, event, kind, live, history
    [InlineData("/a/b", false, "/a/b", FeedEventKind.Put, true, true)]
    [InlineData("/a", false, "/a/b", FeedEventKind.Put, false, false)]
    [InlineData("/a", true, "/a/b/c", FeedEventKind.Put, true, true)]
    [InlineData("/a", true, "/a", FeedEventKind.Put, true, true)]
    [InlineData("/a", true, "/ab", FeedEventKind.Put, false, false)]
    [InlineData("/", true, "/ab", FeedEventKind.Put, true, true)]
    [InlineData("/", false, "/ab", FeedEventKind.Put, false, false)]
    [InlineData("/a", true, "/a/_h", FeedEventKind.Put, false, true)]
    [InlineData("/a", true, "/a/_h/b", FeedEventKind.Put, false, true)]
    [InlineData("/", true, "/_h", FeedEventKind.Put, false, true)]
    [InlineData("/a/_h", true, "/a/_h/b", FeedEventKind.Put, true, true)]
    [InlineData("/a/_h", false, "/a/_h", FeedEventKind.Put, true, true)]
    [InlineData("/a/b/c", false, "/a", RemovedDirectory, true, true)]
    [InlineData("/a/b/c", true, "/a/b", RemovedDirectory, true, true)]
    [InlineData("/a/_h", false, "/a", RemovedDirectory, true, true)]
    [InlineData("/ab", false, "/a", RemovedDirectory, false, true)]
    [InlineData("/ba", true, "/a", RemovedDirectory, false, false)]
    [InlineData("/a/b", false, "/a", FeedEventKind.Delete, false, false)]
    [InlineData("/a/b", false, "/a/b", FeedEventKind.Silent, false, false)]
    public void Watch_Event_HeardByTheRules(string watched, bool recursive, string path, FeedEventKind kind, bool live, bool history)
    {
        var hub = new CoreHarness(space: KeySpace.V2);
        var session = hub.Session();
        hub.Core.Create(session, V2Watch(1, watched, recursive, start: 0));
        hub.Feed(Revision(2, V2(path, 2, kind)));
        hub.Core.Create(session, V2Watch(2, watched, recursive, start: 2, min: 2));
        var events = hub.SettleAndRead(session).Where(one => one.Kind == WatchMessageKind.Events).ToList();

        Assert.Equal(live ? 1 : 0, events.Count(one => one.WatchId == 1));
        Assert.Equal(history ? 1 : 0, events.Count(one => one.WatchId == 2));
        Assert.All(events, one => Assert.Equal($"2:{path}", System.Text.Encoding.UTF8.GetString(one.Events.Span)));
    }

    [Theory]
    // watched, recursive, live, history
    [InlineData("/a/b", false, true, true)]
    [InlineData("/a/b", true, true, true)]
    [InlineData("/a/b/c", false, true, true)]
    [InlineData("/a/_h", false, true, true)]
    [InlineData("/a/bb", true, false, true)]
    [InlineData("/a/b/d", false, false, true)]
    [InlineData("/a/b/c/d", false, false, true)]
    [InlineData("/a/c", false, false, true)]
    [InlineData("/ab", false, false, true)]
    [InlineData("/a", false, true, true)]
    [InlineData("/", true, true, true)]
    public void Watch_RemovedDirectory_IsHeardOfByWhatWasInIt(string watched, bool recursive, bool live, bool history)
    {
        var hub = new CoreHarness(space: KeySpace.V2);
        var session = hub.Session();
        hub.Core.Create(session, V2Watch(1, watched, recursive, start: 0));
        hub.Core.Create(session, V2Watch(2, "/a/b/c/x", recursive: true, start: 0));
        hub.Feed(Revision(2, V2Removed("/a", 2, "b", "b/c", "_h", "bc")));
        hub.Core.Create(session, V2Watch(3, watched, recursive, start: 2, min: 2));
        // Where it fell behind, or came from another hub: what is to come is live to it.
        hub.Core.Create(session, V2Watch(4, watched, recursive, start: 2, min: 1));
        var events = hub.SettleAndRead(session).Where(one => one.Kind == WatchMessageKind.Events).Select(one => one.WatchId).ToList();
        Assert.Equal((live, false, history, live), (events.Contains(1), events.Contains(2), events.Contains(3), events.Contains(4)));
    }

    [Fact]
    public void Watch_FellBehindLive_StillSkipsHiddenKeys()
    {
        var hub = new CoreHarness(new WatchHub.Core.HubLimits { SessionMessages = 2 }, space: KeySpace.V2);
        var session = hub.Session();
        hub.Core.Create(session, V2Watch(1, "/a", recursive: true, start: 0));
        for (var index = 2; index <= 20; index++)
            hub.Feed(Revision(index, V2(index % 2 == 0 ? "/a/_h" : "/a/k", index)));
        var heard = new List<long>();
        for (var messages = hub.SettleAndRead(session); messages.Count > 0; messages = hub.SettleAndRead(session))
            heard.AddRange(messages.Where(one => one.Kind == WatchMessageKind.Events).Select(one => one.Revision));
        Assert.Equal([3L, 5, 7, 9, 11, 13, 15, 17, 19], heard);
    }

    /// <summary>What happened while a watch was on its way from hub to hub was live to its client, who would have been spared hidden nodes without the move.</summary>
    [Fact]
    public void Watch_ResumedBehindLiveEvents_StillSkipsHiddenKeys()
    {
        var hub = new CoreHarness(space: KeySpace.V2);
        for (var index = 2; index <= 9; index++)
            hub.Feed(Revision(index, V2(index % 2 == 0 ? "/a/_h" : "/a/k", index)));
        var session = hub.Session();
        // Begun at 4, it has come to 5.
        hub.Core.Create(session, V2Watch(1, "/a", recursive: true, start: 6, min: 4));
        // The same client's, which asked for what was before.
        hub.Core.Create(session, V2Watch(2, "/a", recursive: true, start: 3, min: 4));
        var messages = hub.SettleAndRead(session);
        Assert.Equal([7L, 9], Heard(messages, 1));
        Assert.Equal([3L, 4, 5, 7, 9], Heard(messages, 2));
    }

    /// <summary>The gateway's storage was ahead of the hub's: what the client takes for history is fed to the hub only now.</summary>
    [Fact]
    public void Watch_OfHistoryThatIsStillToBeFed_HearsOfHiddenKeysUpToThere()
    {
        var hub = new CoreHarness(space: KeySpace.V2);
        hub.Feed(Revision(2, V2("/a/_h", 2)));
        var session = hub.Session();
        hub.Core.Create(session, V2Watch(1, "/a", recursive: true, start: 2, min: 4));
        hub.Core.Create(session, V2Watch(2, "/a", recursive: true, start: 3, min: 4));
        hub.Core.Create(session, V2Watch(3, "/a", recursive: true, start: 5, min: 4));
        hub.Core.Create(session, V2Watch(4, "/a", recursive: true, start: 3, min: 4));
        hub.Core.Cancel(session, 4);
        for (var index = 3; index <= 6; index++)
        {
            hub.Feed(Revision(index, V2("/a/_h", index)));
            hub.Settle();
        }
        hub.Feed(Revision(7, V2("/a/k", 7)));
        var messages = hub.SettleAndRead(session);
        Assert.Equal([2L, 3, 4, 7], Heard(messages, 1));
        Assert.Equal([3L, 4, 7], Heard(messages, 2));
        Assert.Equal([7L], Heard(messages, 3));
        Assert.Empty(Heard(messages, 4));
    }

    private static IEnumerable<long> Heard(IEnumerable<WatchMessage> messages, long id) =>
        messages.Where(one => one.WatchId == id && one.Kind == WatchMessageKind.Events).Select(one => one.Revision);

    private static WatchSpec V2Watch(long id, string path, bool recursive, long start, long min = 0) =>
        Watch(id, path, recursive ? "\0" : "", start, min, space: KeySpace.V2);
}
