using Bench.Measure;
using Storage.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;
using WatchHub.Tests.Fakes;
using Xunit.Abstractions;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Core;

/// <summary>
/// Goal: delivered events per second rise with hubs. Method: the same revisions are fed to one, two and four cores among which the same sessions are spread; what bounds the rate is the
/// processor time of the busiest core: what every hub pays for the feed, and its share of the deliveries. Processor time of this thread alone, so that the machine's cores do not matter.
/// </summary>
public class HubShareTests(ITestOutputHelper output)
{
    private const int Sessions = 64, WatchersOfASession = 100, Revisions = 100, Rounds = 7;
    private const int Watchers = Sessions * WatchersOfASession;

    /// <summary>Every event goes to every watcher: deliveries are all there is.</summary>
    [Fact]
    public void Apply_OneKeyWatchedByAll_BusiestHubsShareFallsWithTheirNumber()
    {
        var (one, _, four) = Measure("one key", static _ => "k", static _ => "k", deliveries: Watchers);
        // A quarter and what each pays for a turn; a share that did not fall would be all of it.
        Assert.True(four < one * 0.6, $"the busiest of four hubs took {four}, the only one {one}");
    }

    /// <summary>Every event goes to one watcher: every hub must look at every event, so that this part does not fall.</summary>
    [Fact]
    public void Apply_AKeyForEachWatcher_BusiestHubPaysForTheFeedAndItsShare() =>
        Measure("own keys", static watcher => $"k{watcher}", static revision => $"k{revision * 17 % Watchers}", deliveries: 1);

    private (TimeSpan One, TimeSpan Two, TimeSpan Four) Measure(string what, Func<int, string> watched, Func<int, string> written, int deliveries)
    {
        var feed = Enumerable.Range(2, Revisions).Select(revision => Revision(revision, Put(written(revision), revision))).ToList();
        var shares = ((int[])[1, 2, 4]).ToDictionary(hubs => hubs, hubs => Enumerable.Range(0, hubs).Select(_ => new List<TimeSpan>()).ToList());
        var idle = new List<TimeSpan>();
        // By turns, so that what the first rounds pay for compiled code is in none of the medians.
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (hubs, timesOfHubs) in shares)
            {
                var runs = Enumerable.Range(0, hubs).Select(hub => Run(feed, [.. Enumerable.Range(0, Sessions).Where(session => session % hubs == hub)], watched)).ToList();
                Assert.Equal((long)Revisions * deliveries, runs.Sum(run => run.Delivered));
                Assert.True(deliveries == 1 || runs.TrueForAll(run => run.Delivered == runs[0].Delivered), "the deliveries are not spread evenly");
                for (var hub = 0; hub < hubs; hub++)
                    timesOfHubs[hub].Add(runs[hub].Took);
            }
            idle.Add(Run(feed, [0], static _ => "never written").Took);
        }
        foreach (var hubs in shares.Keys)
        {
            output.WriteLine(
                $"{what}, {hubs} hubs: the busiest takes {Busiest(hubs).TotalMicroseconds / Revisions:F2} us a revision, so at most {(double)Revisions * deliveries / Busiest(hubs).TotalSeconds:N0} "
                + $"events/s with a core for each; a hub whose watchers hear nothing takes {Median(idle).TotalMicroseconds / Revisions:F2} us");
        }
        return (Busiest(1), Busiest(2), Busiest(4));

        TimeSpan Busiest(int hubs) => shares[hubs].Max(Median);
    }

    private static (TimeSpan Took, long Delivered) Run(IReadOnlyList<RevisionEvents> feed, IReadOnlyList<int> sessions, Func<int, string> watched)
    {
        var hub = new Hub(feed, sessions, watched);
        return (hub.Run(), hub.Delivered);
    }

    private static TimeSpan Median(IEnumerable<TimeSpan> times) => times.Order().ElementAt(Rounds / 2);

    /// <summary>One hub with its share of the sessions.</summary>
    private sealed class Hub
    {
        private readonly HubCore _core = new(KeySpace.V3, new HubLimits());
        private readonly IReadOnlyList<RevisionEvents> _feed;

        public Hub(IReadOnlyList<RevisionEvents> feed, IReadOnlyList<int> sessions, Func<int, string> watched)
        {
            _feed = feed;
            _core.Advance(1, 0, Term);
            foreach (var number in sessions)
            {
                var session = _core.OpenSession(null, TimeSpan.Zero, 0);
                for (var n = 0; n < WatchersOfASession; n++)
                    _core.Create(session, Watch(n, watched((number * WatchersOfASession) + n)));
            }
            Take();
            Delivered = 0;
        }

        public long Delivered { get; private set; }

        public TimeSpan Run()
        {
            var began = ThreadClock.Microseconds();
            foreach (var revision in _feed)
            {
                _core.Apply(revision, Term, default);
                _core.Advance(revision.Revision, 0, Term);
                _core.CatchUp(1);
                Take();
            }
            return TimeSpan.FromMicroseconds(ThreadClock.Microseconds() - began);
        }

        // As a shell does: everything staged is taken, and its room comes back.
        private void Take()
        {
            foreach (var session in _core.DirtySessions)
            {
                var messages = session.Staged.Count;
                long bytes = 0;
                foreach (var one in session.Staged)
                    bytes += one.ChargedBytes;
                Delivered += messages;
                session.ClearStaged();
                _core.Drained(session, messages, bytes);
            }
            _core.DirtySessions.Clear();
        }
    }
}
