using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;
using WatchHub.Tests.Fakes;
using static WatchHub.Tests.Fakes.Feeds;

namespace WatchHub.Tests.Core;

/// <summary>
/// Random histories, watches, slow readers, lost feeds and compactions against a list of everything that happened. Checked for each watch: ordered,
/// unique, no gap, revisions whole, nothing at or below a progress revision still to come.
/// </summary>
public class HubCoreModelTests
{
    [Fact]
    public void RandomHistories_EveryWatch_HearsExactlyItsEvents()
    {
        for (var seed = 1; seed <= 300; seed++)
            new World(seed).Run();
    }

    private sealed class World
    {
        private readonly int _seed;
        private readonly Random _random;
        private readonly CoreHarness _hub;
        private readonly List<HubSession> _sessions = [];
        private readonly Dictionary<(HubSession, long), Model> _models = [];
        private long _revision = 1;
        private long _nextWatch;

        public World(int seed)
        {
            _seed = seed;
            _random = new Random(seed);
            _hub = new CoreHarness(new HubLimits
            {
                WindowBytes = _random.Next(500, 8000),
                SessionMessages = _random.Next(2, 40),
                CatchUpRevisions = _random.Next(1, 10),
                MessageBytes = _random.Next(30, 500),
                HistoryRequests = _random.Next(1, 4),
            });
            for (var i = 0; i < 3; i++)
                _sessions.Add(_hub.Session());
        }

        public void Run()
        {
            for (var step = 0; step < 300; step++)
                Step();
            // Everyone reads everything.
            var quiet = false;
            while (!quiet)
            {
                _hub.Settle();
                quiet = true;
                foreach (var session in _sessions)
                    quiet &= !ReadSome(session, int.MaxValue);
            }
            foreach (var model in _models.Values)
                model.CheckEnd(_hub.History, _revision);
        }

        private void Step()
        {
            var session = _sessions[_random.Next(_sessions.Count)];
            switch (_random.Next(14))
            {
                case < 5:
                    Write();
                    break;
                case < 7:
                    Create(session);
                    break;
                case 7:
                    _hub.Core.RequestProgress(session);
                    break;
                case 8 when _random.Next(4) == 0:
                    _hub.Compacted = Math.Max(_hub.Compacted, _revision - _random.Next(20));
                    _hub.Core.Advance(_revision, _hub.Compacted, Term);
                    break;
                case 9 when _random.Next(6) == 0:
                    LoseFeed();
                    break;
                case 10:
                    _hub.Turn(_random.Next(1, 20));
                    break;
                case 11 when _hub.PendingHistory.Count > 0:
                    _hub.AnswerHistory(_random.Next(_hub.PendingHistory.Count));
                    break;
                case 12:
                    ReadSome(session, _random.Next(1, 10));
                    break;
                case 13 when _random.Next(3) == 0 && _models.Count > 0:
                    var (owner, id) = _models.Keys.ElementAt(_random.Next(_models.Count));
                    _hub.Core.Cancel(owner, id);
                    break;
            }
        }

        private RevisionEvents NextRevision()
        {
            var revision = ++_revision;
            var keys = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => $"k{_random.Next(6)}").Distinct();
            return Revision(revision, [.. keys.Select(key => _random.Next(4) == 0 ? Delete(key, revision) : Put(key, revision))]);
        }

        private void Write() => _hub.Feed(NextRevision());

        private void LoseFeed()
        {
            _hub.Core.FeedLost();
            for (var n = _random.Next(5); n > 0; n--)
                _hub.History.Add(NextRevision());
            _hub.Core.Advance(_revision, _hub.Compacted, Term);
        }

        private void Create(HubSession session)
        {
            var key = $"k{_random.Next(6)}";
            var end = _random.Next(3) switch { 0 => "", 1 => "\0", _ => "k" + (char)(key[1] + 2) };
            var start = _random.Next(3) == 0 ? 0 : Math.Max(1, _revision - 15 + _random.Next(20));
            var spec = Watch(
                _nextWatch++, key, end, start, min: _random.Next(5) == 0 ? _revision + 2 : 0, noPut: _random.Next(5) == 0,
                noDelete: _random.Next(5) == 0, fragment: _random.Next(3) == 0);
            _models[(session, spec.WatchId)] = new Model(spec, start == 0 ? Math.Max(_revision, spec.MinRevision) + 1 : start, _seed);
            _hub.Core.Create(session, spec);
        }

        private bool ReadSome(HubSession session, int max)
        {
            _hub.Turn(1);
            var messages = _hub.Read(session, max);
            foreach (var message in messages)
                if (message.WatchId >= 0)
                    _models[(session, message.WatchId)].Hear(message);
                else
                    foreach (var ((owner, _), model) in _models)
                        if (owner == session)
                            model.Progress(message.Revision);
            return messages.Count > 0;
        }
    }

    /// <summary>What one watch must hear, and has heard.</summary>
    private sealed class Model(WatchSpec spec, long start, int seed)
    {
        private readonly List<string> _heard = [];
        private bool _created;
        private bool _canceled;
        private long _compactRevision;
        private long _last = start - 1;
        private long _bookmark;
        private bool _inFragment;

        public void Hear(WatchMessage message)
        {
            Assert.False(_canceled, $"seed {seed}: watch {spec.WatchId} heard {message.Kind} after Canceled");
            switch (message.Kind)
            {
                case WatchMessageKind.Created:
                    Assert.False(_created);
                    _created = true;
                    break;
                case WatchMessageKind.Canceled:
                    _canceled = true;
                    _compactRevision = message.CompactRevision;
                    break;
                default:
                    Assert.True(_created);
                    var events = Read(message);
                    var first = long.Parse(events[0].Split(':')[0]);
                    Assert.True(first > _last || (_inFragment && first >= _last), $"seed {seed}: revision {first} came again or was split");
                    Assert.True(first > _bookmark, $"seed {seed}: revision {first} came after progress {_bookmark}");
                    _inFragment = message.Fragment;
                    Assert.True(!_inFragment || spec.Fragment);
                    _last = message.LastRevision;
                    _heard.AddRange(events);
                    break;
            }
        }

        public void Progress(long revision)
        {
            if (_created && !_canceled)
                _bookmark = revision;
        }

        public void CheckEnd(List<RevisionEvents> history, long current)
        {
            Assert.True(_created);
            // Canceled: all up to some revision. Else: all.
            var expected = history
                .Where(one => one.Revision >= start && one.Revision <= current)
                .SelectMany(one => one.Events.Where(Matches).Select(each => $"{one.Revision}:{System.Text.Encoding.UTF8.GetString(each.Key.Span)}"))
                .ToList();
            if (_canceled)
                expected = [.. expected.Take(_heard.Count)];
            Assert.True(expected.SequenceEqual(_heard), $"seed {seed}: watch {spec}: expected [{string.Join(' ', expected)}], heard [{string.Join(' ', _heard)}]");
            Assert.False(_inFragment);
            Assert.True(_compactRevision == 0 || _last + 1 < _compactRevision);
        }

        private bool Matches(FeedEvent one)
        {
            if ((one.Kind & FeedEventKind.Delete) != 0 ? spec.NoDelete : spec.NoPut)
                return false;
            var key = one.Key.Span;
            return spec.RangeEnd.IsEmpty
                ? key.SequenceEqual(spec.Key.Span)
                : key.SequenceCompareTo(spec.Key.Span) >= 0
                    && (spec.RangeEnd.Span is [0] || key.SequenceCompareTo(spec.RangeEnd.Span) < 0);
        }
    }
}
