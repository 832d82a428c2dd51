using System.Globalization;
using System.Text;
using WatchHub.Feed.Core.Keys;

namespace WatchHub.Feed.Tests.Keys;

/// <summary>What a feed publishes next, and how far its cursor may go.</summary>
public class FeedCoreTests
{
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(100);

    [Fact]
    public void NextBatch_ChangesOfOneKey_ShareALaneInOrder()
    {
        var core = At(10);
        core.Take([Put("a", 11), Put("b", 12), Put("a", 13), Put("c", 14), Put("a", 15)], 15);
        var batch = core.NextBatch()!;
        Assert.Equal(5, batch.Count);
        Assert.Equal(15, batch.Cursor);
        var lane = Assert.Single(batch.Lanes, lane => lane.Any(static change => KeyOf(change) == "a"));
        Assert.Equal([11L, 13, 15], lane.Where(static change => KeyOf(change) == "a").Select(static change => change.Revision));
        Assert.Null(core.NextBatch());
    }

    [Fact]
    public void NextBatch_EndsWithinARevision_CursorStaysBeforeIt()
    {
        var core = At(10, new FeedLimits { BatchEvents = 3 });
        core.Take([Put("a", 11), Put("b", 12), Put("c", 12), Put("d", 12), Put("e", 13)], 20);
        var first = core.NextBatch()!;
        Assert.Equal((3, 11L), (first.Count, first.Cursor));
        core.Confirm(first, s_start);
        Assert.Equal(11, core.Confirmed);
        var second = core.NextBatch()!;
        // Nothing else is known up to where the session was.
        Assert.Equal((2, 20L), (second.Count, second.Cursor));
    }

    [Fact]
    public void NextBatch_BoundedByBytes_YetNeverEmpty()
    {
        var core = At(0, new FeedLimits { BatchBytes = 10 });
        core.Take([Put("a", 1, bytes: 50), Put("b", 2, bytes: 4), Put("c", 3, bytes: 4), Put("d", 4, bytes: 4)], 4);
        Assert.Equal([1, 2, 1], Counts(core));
    }

    [Fact]
    public void Take_WhatWasDeliveredBefore_IsLeftOut()
    {
        var core = At(12);
        core.Take([Put("a", 11), Put("a", 12), Put("a", 13)], 13);
        Assert.Equal(13, Assert.Single(Assert.Single(core.NextBatch()!.Lanes)).Revision);
    }

    [Fact]
    public void CursorDue_OnlyWhatIsConfirmed_AfterTheInterval()
    {
        var limits = new FeedLimits { CursorInterval = TimeSpan.FromSeconds(1) };
        var core = At(10, limits);
        core.Take([Put("a", 11)], 11);
        var batch = core.NextBatch()!;
        Assert.Null(core.CursorDue(s_start + TimeSpan.FromDays(1)));
        core.Confirm(batch, s_start);
        Assert.Equal(s_start + limits.CursorInterval, core.SaveAt);
        Assert.Null(core.CursorDue(s_start + TimeSpan.FromMilliseconds(999)));
        Assert.Equal(11, core.CursorDue(s_start + TimeSpan.FromSeconds(1)));
        core.Saved(11);
        Assert.Null(core.SaveAt);
        Assert.Null(core.CursorAtEnd);
    }

    [Fact]
    public void CursorDue_ManyEvents_AtOnce()
    {
        var core = At(0, new FeedLimits { BatchEvents = 4, CursorEvents = 8 });
        core.Take([.. Enumerable.Range(1, 12).Select(static n => Put("k" + n, n))], 12);
        core.Confirm(core.NextBatch()!, s_start);
        Assert.Null(core.CursorDue(s_start));
        core.Confirm(core.NextBatch()!, s_start);
        Assert.Equal(8, core.CursorDue(s_start));
    }

    [Fact]
    public void Progress_WhileIdle_MovesTheCursorRarely()
    {
        var core = At(10, new FeedLimits { IdleRevisions = 100 });
        core.Progress(109, compactRevision: -1, s_start);
        Assert.Null(core.SaveAt);
        Assert.Equal(110, core.NextRevision);
        core.Progress(110, compactRevision: -1, s_start);
        Assert.Equal(110, core.CursorDue(s_start + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Progress_AfterACompactionBeyondTheCursor_MovesIt()
    {
        var core = At(10);
        core.Progress(30, compactRevision: 20, s_start);
        Assert.Equal(30, core.CursorDue(s_start + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Missed_IsToldWhole_AndGoesOnBehind()
    {
        var core = At(10);
        var missed = core.Missed(compactRevision: 50);
        Assert.Equal(new MissedRange(11, 49), missed);
        Assert.Equal(11, core.NextRevision);
        core.Skip(missed, s_start);
        Assert.Equal(50, core.NextRevision);
        Assert.Equal(49, core.CursorDue(s_start));
    }

    /// <summary>
    /// Goal: whatever is repeated after a crash, each key's revisions come first in their order and none is missing. Method: feeds that die at random between any two steps, the next of which
    /// goes on behind the last cursor noted; one queue hears all of them.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Crashes_Anywhere_FirstDeliveriesAreInOrderAndComplete(int seed)
    {
        var random = new Random(seed);
        var limits = new FeedLimits { BatchEvents = 5, CursorEvents = 7, Lanes = 3 };
        var history = new List<KeyChange>();
        for (var revision = 1L; revision <= 300; revision++)
        {
            foreach (var key in Enumerable.Range(0, 6).OrderBy(_ => random.Next()).Take(random.Next(1, 4)))
                history.Add(Put("k" + key, revision));
        }
        var (heard, cursor) = (new List<KeyChange>(), 0L);
        while (cursor < 300)
        {
            var core = new FeedCore(limits);
            core.Resume(cursor);
            cursor = RunUntilCrash(core, history, heard, random) ?? cursor;
        }
        foreach (var key in history.GroupBy(KeyOf))
            Assert.Equal(key.Select(static change => change.Revision), heard.Where(change => KeyOf(change) == key.Key).Select(static change => change.Revision).Distinct());
    }

    // The last cursor that was noted; null: none was.
    private static long? RunUntilCrash(FeedCore core, List<KeyChange> history, List<KeyChange> heard, Random random)
    {
        long? saved = null;
        while (core.NextRevision <= 300)
        {
            var last = Math.Min(core.NextRevision + random.Next(1, 20), 300);
            core.Take([.. history.Where(change => change.Revision >= core.NextRevision && change.Revision <= last)], last);
            while (core.NextBatch() is { } batch)
            {
                // Lanes go side by side: any of them may be ahead when it ends.
                var lanes = batch.Lanes.Select(static lane => new Queue<KeyChange>(lane)).ToList();
                while (lanes.RemoveAll(static lane => lane.Count == 0) >= 0 && lanes.Count > 0)
                {
                    if (random.Next(60) == 0)
                        return saved;
                    heard.Add(lanes[random.Next(lanes.Count)].Dequeue());
                }
                core.Confirm(batch, s_start);
                if (core.CursorDue(s_start) is { } cursor && random.Next(10) > 0)
                {
                    core.Saved(cursor);
                    saved = cursor;
                }
            }
        }
        return core.CursorAtEnd ?? saved;
    }

    private static FeedCore At(long cursor, FeedLimits? limits = null)
    {
        var core = new FeedCore(limits ?? new FeedLimits());
        core.Resume(cursor);
        return core;
    }

    private static IEnumerable<int> Counts(FeedCore core)
    {
        while (core.NextBatch() is { } batch)
            yield return batch.Count;
    }

    private static KeyChange Put(string key, long revision, int bytes = 1) =>
        new(Encoding.UTF8.GetBytes(key), new byte[bytes], IsDelete: false, revision, revision, 1, 0);

    private static string KeyOf(KeyChange change) => Encoding.UTF8.GetString(change.Key.Span);
}
