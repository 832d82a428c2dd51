using System.Diagnostics;
using WatchHub.Core;
using WatchHub.Tests.Fakes;
using Xunit.Abstractions;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Core;

/// <summary>What watching costs: bytes of an idle watcher, and allocation and time of a fan-out.</summary>
[Collection(MeasuringMemory.Name)]
public class HubCoreCostTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Create_ManyIdleWatchers_FewBytesEach(bool sameKey)
    {
        const int Count = 50_000;
        var core = new HubCore(Storage.Contracts.KeySpace.V3, new HubLimits());
        core.Advance(1, 0, Term);
        var session = core.OpenSession(null, TimeSpan.Zero, 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var id = 0; id < Count; id++)
        {
            core.Create(session, Watch(id, sameKey ? "k" : $"k{id}"));
            Take(core, session);
        }
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        output.WriteLine($"{each} bytes a watcher");
        GC.KeepAlive(core);
        Assert.InRange(each, 1, 300);
    }

    [Fact]
    public void Apply_ThousandWatchersOfOneSession_AllocatesNothingPerWatcher()
    {
        var core = new HubCore(Storage.Contracts.KeySpace.V3, new HubLimits());
        core.Advance(1, 0, Term);
        var session = core.OpenSession(null, TimeSpan.Zero, 0);
        for (var id = 0; id < 1000; id++)
            core.Create(session, Watch(id, "k"));
        Take(core, session);
        var revisions = Enumerable.Range(2, 2000).Select(revision => Revision(revision, Put("k", revision))).ToList();
        foreach (var revision in revisions.Take(1000))
            Deliver(revision);

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        foreach (var revision in revisions.Skip(1000))
            Deliver(revision);
        var elapsed = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        output.WriteLine($"{elapsed.TotalNanoseconds / 1_000_000:F0} ns and {allocated / 1000} bytes a revision for 1,000 watchers; ns is per message");
        Assert.InRange(allocated / 1000, 0, 2000);

        void Deliver(Storage.Contracts.RevisionEvents revision)
        {
            core.Apply(revision, Term, default);
            core.CatchUp(1);
            Take(core, session);
        }
    }

    private static void Take(HubCore core, WatchHub.Core.Sessions.HubSession session)
    {
        var messages = session.Staged.Count;
        long bytes = 0;
        foreach (var one in session.Staged)
            bytes += one.ChargedBytes;
        session.ClearStaged();
        core.DirtySessions.Clear();
        core.Drained(session, messages, bytes);
    }
}
