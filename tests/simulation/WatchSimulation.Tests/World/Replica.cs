using EtcdApi.Mvccpb;
using Google.Protobuf;
using Storage.Contracts;
using WatchGuarantees.History;

namespace WatchSimulation.World;

/// <summary>A storage replica: as much of the log as it has applied, and its answers to hubs.</summary>
internal sealed class Replica(SimulatedWorld world, int number) : IPreviousValues
{
    private int _applied;

    public int Number { get; } = number;

    public long Revision => world.Store.After(_applied).Revision;

    public long Compacted => world.Store.After(_applied).Compacted;

    int IPreviousValues.HeldBytes => 0;

    /// <summary>Applies a little more, now and then; it never ends.</summary>
    public void Apply()
    {
        var behind = world.Store.Length - 1 - _applied;
        _applied += Math.Min(behind, 1 + world.Random.Next(10));
        world.Scheduler.After(1 + world.Delay(world.Profile.MaxApplyDelay), Apply);
    }

    /// <summary>The next piece of a feed; null when there is nothing new, or when what comes next is gone.</summary>
    public FeedBatch? Feed(long from, out bool isCompacted)
    {
        isCompacted = from < Compacted && world.Random.NextDouble() >= world.Profile.FeedsCompacted;
        if (isCompacted)
            return null;
        var to = Math.Min(Revision, from - 1 + world.Profile.FeedBatch);
        var revisions = new List<RevisionEvents>();
        for (var revision = from; revision <= to; revision++)
            revisions.Add(Revisions(revision, _ => true)!);
        // A mark without events tells how far it is, but never more than was fed.
        return new FeedBatch(revisions, Math.Max(to, Math.Min(from - 1, Revision)), Compacted, SimulatedWorld.Term);
    }

    /// <summary>Answers a request for history.</summary>
    public HistoryBatch History(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long from, long to, int maxBytes)
    {
        if (from < Compacted)
            return new HistoryBatch([], from, Compacted);
        var scope = new WatchScope(Text(key), Text(rangeEnd), IsPath: world.Profile.Space == KeySpace.V2);
        var revisions = new List<RevisionEvents>();
        var end = Math.Min(to, Revision + 1);
        var bytes = 0;
        var next = from;
        for (; next < end && (revisions.Count == 0 || bytes < maxBytes); next++)
        {
            if (Revisions(next, one => scope.Covers(one)) is not { } found)
                continue;
            revisions.Add(found);
            bytes += found.Events.Sum(one => one.Event.Length);
        }
        return new HistoryBatch(revisions, Math.Max(next, from), 0);
    }

    /// <summary>As storage: what a read at the revision before finds, and that is nothing once it is compacted.</summary>
    public ReadOnlyMemory<byte> WithPrevious(ReadOnlyMemory<byte> encodedEvent, in PreviousValue previous)
    {
        if (previous.EventRevision - 1 < Compacted)
            return encodedEvent;
        var written = world.Store.History.At(previous.EventRevision)[previous.Sub];
        var one = StoreLog.Encode(written);
        one.PrevKv = StoreLog.Encode(written.Key, written.Previous!.Value);
        return one.ToByteArray();
    }

    private RevisionEvents? Revisions(long revision, Func<WatchEvent, bool> wanted)
    {
        var events = new List<FeedEvent>();
        var written = world.Store.History.At(revision);
        for (var place = 0; place < written.Count; place++)
        {
            var one = written[place];
            if (!wanted(one))
                continue;
            var previous = one.Previous is { } before && world.Profile.Space == KeySpace.V3 ? new PreviousValue(this, revision, before.ModRevision, place) : default;
            var kind = (one.IsDelete ? FeedEventKind.Delete : FeedEventKind.Put) | (world.IsDirectory(one.Key) ? FeedEventKind.Directory : 0);
            // v2: a document, which is nothing to the hub.
            events.Add(new FeedEvent(System.Text.Encoding.UTF8.GetBytes(one.Key), StoreLog.Encode(one).ToByteArray(), previous, kind));
        }
        return events.Count == 0 ? null : new RevisionEvents(revision, events, default);
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
}
