using Storage.Contracts;

namespace WatchSimulation.World;

/// <summary>Brings one hub its feed as the shell's pump does: from one replica as long as the connection holds, from any other behind what was fed, and at the present when that is compacted.</summary>
internal sealed class FeedPump(SimulatedWorld world, SimulatedHub hub)
{
    private Replica? _source;
    private long _fed;

    public bool IsStarted { get; private set; }

    public void Start() => hub.After(1 + world.Delay(world.Profile.MaxFeedDelay), () =>
    {
        Resume(0);
        IsStarted = true;
        Connect();
    });

    public void Break()
    {
        if (_source is null)
            return;
        world.Trace($"the feed of hub {hub.Number} breaks at {_fed}");
        _source = null;
        if (world.Profile.ShellDefects == ShellDefects.FeedResumesLate)
            _fed++;
        Connect();
    }

    private void Connect() => hub.After(1 + world.Delay(world.Profile.MaxFeedDelay), () =>
    {
        _source = world.AnyReplica();
        Pull(_source);
    });

    private void Pull(Replica source) => hub.After(1 + world.Delay(world.Profile.MaxFeedDelay), () =>
    {
        if (_source != source)
            return;
        var batch = source.Feed(_fed + 1, out var isCompacted);
        if (isCompacted)
        {
            Lost(source.Compacted);
            return;
        }
        Post(batch!);
        Pull(source);
    });

    private void Lost(long compacted)
    {
        world.Trace($"the feed of hub {hub.Number} is compacted at {_fed}");
        world.Counts.FeedsLost++;
        _source = null;
        hub.Post(core => core.FeedLost());
        hub.After(1 + world.Delay(world.Profile.MaxFeedDelay), () =>
        {
            Resume(compacted);
            Connect();
        });
    }

    // The status of whichever replica answers.
    private void Resume(long compacted)
    {
        var replica = world.AnyReplica();
        Post(new FeedBatch([], replica.Revision, Math.Max(compacted, replica.Compacted), SimulatedWorld.Term));
    }

    private void Post(FeedBatch batch)
    {
        hub.Post(core =>
        {
            foreach (var revision in batch.Revisions)
                core.Apply(revision, batch.Term, default);
            core.Advance(batch.CurrentRevision, batch.CompactRevision, batch.Term);
        });
        _fed = Math.Max(_fed, batch.CurrentRevision);
    }
}
