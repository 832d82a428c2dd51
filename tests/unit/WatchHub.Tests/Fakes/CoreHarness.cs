using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Core.Sessions;

namespace WatchHub.Tests.Fakes;

/// <summary>A core with a history behind it, driven step by step on one thread.</summary>
internal sealed class CoreHarness
{
    private readonly Dictionary<HubSession, Queue<OutgoingMessage>> _queues = [];
    private readonly List<HistoryRequest> _requests = [];
    private readonly KeySpace _space;

    public CoreHarness(HubLimits? limits = null, long current = 1, KeySpace space = KeySpace.V3)
    {
        _space = space;
        Core = new HubCore(space, limits ?? new HubLimits());
        Core.Advance(current, 0, Feeds.Term);
    }

    public HubCore Core { get; }
    public List<RevisionEvents> History { get; } = [];
    public long Compacted { get; set; }
    public IReadOnlyList<HistoryRequest> PendingHistory => _requests;

    public HubSession Session()
    {
        var session = Core.OpenSession(null, TimeSpan.Zero, jitter: 0);
        _queues[session] = new Queue<OutgoingMessage>();
        return session;
    }

    public void Feed(RevisionEvents revision)
    {
        History.Add(revision);
        Core.Apply(revision, Feeds.Term, default);
        Core.Advance(revision.Revision, Compacted, Feeds.Term);
    }

    /// <summary>One turn without answering history.</summary>
    public void Turn(int budget = 1_000_000)
    {
        Core.CatchUp(budget);
        foreach (var session in Core.DirtySessions)
        {
            foreach (var message in session.Staged)
                _queues[session].Enqueue(message);
            session.ClearStaged();
        }
        Core.DirtySessions.Clear();
        Core.TakeHistoryRequests(_requests);
    }

    public void AnswerHistory(int index = 0)
    {
        var request = _requests[index];
        _requests.RemoveAt(index);
        Core.HistoryArrived(request, ReadHistory(request));
    }

    /// <summary>Turns and history until nothing moves.</summary>
    public void Settle()
    {
        Turn();
        while (_requests.Count > 0 || Core.HasCatchUpWork)
        {
            while (_requests.Count > 0)
                AnswerHistory();
            Turn();
        }
    }

    /// <summary>Reads up to <paramref name="max"/> messages and gives their room back.</summary>
    public List<WatchMessage> Read(HubSession session, int max = int.MaxValue)
    {
        var queue = _queues[session];
        var read = new List<WatchMessage>();
        long bytes = 0;
        while (read.Count < max && queue.TryDequeue(out var one))
        {
            read.Add(one.Message);
            bytes += one.ChargedBytes;
        }
        if (read.Count > 0)
            Core.Drained(session, read.Count, bytes);
        return read;
    }

    public int Unread(HubSession session) => _queues[session].Count;

    public List<WatchMessage> SettleAndRead(HubSession session)
    {
        Settle();
        return Read(session);
    }

    // Storage returns what lies in the range; the hub applies its own rules on top. Here everything is returned: the rules must hold.
    private HistoryBatch ReadHistory(HistoryRequest request)
    {
        if (request.From < Compacted)
            return new HistoryBatch([], request.From, Compacted);
        var to = request.To;
        var revisions = History.Where(one => one.Revision >= request.From && one.Revision < to).Take(3).ToList();
        var next = revisions.Count == 3 ? revisions[^1].Revision + 1 : to;
        return new HistoryBatch(revisions, next, 0);
    }
}
