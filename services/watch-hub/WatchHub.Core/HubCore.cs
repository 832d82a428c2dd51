using System.Diagnostics;
using Consensus.Contracts;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core.FanOut;
using WatchHub.Core.Index;
using WatchHub.Core.Sessions;
using WatchHub.Core.Watchers;
using WatchHub.Core.Window;

namespace WatchHub.Core;

/// <summary>
/// The watchers of one key space as a state machine: revisions, requests, history and time go in; messages to sessions and requests for
/// history come out. Not thread-safe: one owner at a time.
/// </summary>
/// <remarks>
/// A turn of the owner: give inputs, then call <see cref="CatchUp"/>, then take <see cref="DirtySessions"/> and
/// <see cref="TakeHistoryRequests"/>; again while <see cref="HasCatchUpWork"/>.
/// What every watcher can rely on is invariant I6: each matching event once, in order, a revision whole, or "compacted".
/// </remarks>
public sealed partial class HubCore
{
    private readonly KeySpace _space;
    private readonly HubLimits _limits;
    private readonly IWatchIndex _index;
    private readonly RevisionWindow _window;
    private readonly RevisionMatches _matches = new();
    private readonly List<HubSession> _sessions = [];
    private readonly List<HubSession> _dirty = [];

    // Every revision up to _current has been applied here.
    private long _current;
    private long _compacted;

    // From FeedLost to Advance: there may be revisions above _current that will never be fed.
    private bool _isFeedLost;

    // Watches in any set. Without one, only the position is kept: who comes later and wants the past asks storage's history.
    private int _watchers;

    // Of those, Unsynced or Blocked.
    private int _behind;
    private long _events;
    private Term _term;

    public HubCore(KeySpace space, HubLimits limits)
    {
        (_space, _limits) = (space, limits);
        _index = space == KeySpace.V2 ? new PathIndex(limits.Defects) : new RangeIndex();
        _window = new RevisionWindow(limits.WindowBytes);
    }

    /// <summary>Revision up to which everything has been fed.</summary>
    public long CurrentRevision => _current;

    /// <summary>Sessions with staged messages or a failure; the owner takes them, clears each and then the list.</summary>
    public List<HubSession> DirtySessions => _dirty;

    /// <summary>Watches in any set. This and the next two may be read by anybody.</summary>
    public int Watchers => Volatile.Read(ref _watchers);

    /// <summary>Watches that have not got everything that there is for them.</summary>
    public int Behind => Volatile.Read(ref _behind);

    /// <summary>Events staged so far, each as often as watches get it.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>Number of watchers that want progress notifications; 0: no need for ticks.</summary>
    public int ProgressWatchers { get; private set; }

    /// <summary>Opens a session.</summary>
    /// <param name="owner">Found again in <see cref="HubSession.Owner"/>.</param>
    /// <param name="now">Monotonic time.</param>
    /// <param name="jitter">0 to 1: spreads the sessions' progress rounds over the interval's last tenth.</param>
    public HubSession OpenSession(object? owner, TimeSpan now, double jitter)
    {
        var interval = _limits.ProgressInterval * (1 + jitter / 10);
        var session = new HubSession(_space, _limits, _dirty, owner) { ProgressInterval = interval, NextProgress = now + interval, Slot = _sessions.Count };
        _sessions.Add(session);
        return session;
    }

    /// <summary>Ends a session and all its watches; nothing more is staged for it.</summary>
    public void CloseSession(HubSession session)
    {
        if (session.IsClosed)
            return;
        session.IsClosed = true;
        foreach (var watcher in session.Watchers)
            Drop(watcher);
        session.Watchers.Clear();
        session.ClearStaged();
        // The last one takes its place: there may be very many.
        var last = _sessions[^1];
        _sessions[session.Slot] = last;
        last.Slot = session.Slot;
        _sessions.RemoveAt(_sessions.Count - 1);
        _progressWanted.Remove(session);
    }

    /// <summary>Starts a watch; its Created message is staged at once.</summary>
    public void Create(HubSession session, WatchSpec spec)
    {
        if (session.IsClosed)
            return;
        if (session.Watchers.Contains(spec.WatchId))
        {
            Fail(session);
            return;
        }
        // A compaction is in force once anybody has seen it, whatever the window still holds.
        _compacted = Math.Max(_compacted, spec.MinCompacted);
        var seen = Has(HubDefects.ForgetsWhatTheCallerSaw) ? _current : Math.Max(_current, spec.MinRevision);
        var start = spec.StartRevision == 0 ? seen + 1 : spec.StartRevision;
        var watcher = new Watcher(spec.WatchId, session, _index.Join(spec))
        {
            Next = start,
            Flags = (spec.ProgressNotify ? WatcherFlags.ProgressNotify : 0) | (spec.Fragment ? WatcherFlags.Fragment : 0)
                | (spec.StartRevision > seen && !spec.IsResumed ? WatcherFlags.StartsLater : 0),
        };
        if (_space == KeySpace.V2)
            _liveAfter.Add(watcher, Has(HubDefects.TakesAMoveForHistory) ? seen : spec.MinRevision);
        session.Watchers.Add(watcher);
        _watchers++;
        session.MinRevision = Math.Max(session.MinRevision, spec.MinRevision);
        if (spec.ProgressNotify)
        {
            session.ProgressWatchers++;
            ProgressWatchers++;
        }
        session.Stage(new WatchMessage(
            spec.WatchId, WatchMessageKind.Created, seen, start - 1, _term, default, fragment: false, compactRevision: 0, trace: default));

        if (start < _compacted)
            CancelCompacted(watcher);
        else if (start > Math.Max(_current, LiveAfter(watcher)) || (start > _current && Has(HubDefects.TakesHistoryForLive)))
            MoveToSynced(watcher);
        else
            MoveToUnsynced(watcher, start);
    }

    /// <summary>Ends a watch; unknown ids are ignored.</summary>
    public void Cancel(HubSession session, long watchId)
    {
        if (session.Watchers.Find(watchId) is { } watcher)
            EndWatch(watcher, _current, compactRevision: 0);
    }

    /// <summary>A reader took messages of this core's: room for blocked watchers to catch up.</summary>
    public void Drained(HubSession session, int messages, long bytes)
    {
        if (session.IsClosed)
            return;
        session.Return(messages, bytes);
        if (!session.HasRoom)
            return;
        for (var i = session.Blocked.Count - 1; i >= 0; i--)
            MoveToUnsynced(session.Blocked[i], Unblocked(session.Blocked[i].Next));
    }

    private long Unblocked(long next) =>
        Has(HubDefects.SkipsWhenUnblocked) ? next + 1 : Has(HubDefects.RepeatsWhenUnblocked) ? next - 1 : next;

    private bool Has(HubDefects defect) => (_limits.Defects & defect) != 0;

    private void CancelCompacted(Watcher watcher) => EndWatch(watcher, revision: 0, _compacted);

    private void EndWatch(Watcher watcher, long revision, long compactRevision)
    {
        Drop(watcher);
        var session = watcher.Session;
        session.Watchers.Remove(watcher.WatchId);
        session.Stage(new WatchMessage(
            watcher.WatchId, WatchMessageKind.Canceled, revision, 0, _term, default, fragment: false, compactRevision, trace: default));
    }

    private void Drop(Watcher watcher)
    {
        Leave(watcher);
        watcher.Set = WatcherSet.Gone;
        _watchers--;
        if (_space == KeySpace.V2)
        {
            _liveAfter.Remove(watcher);
            _aheadOfFeed.Remove(watcher);
        }
        _index.Leave(watcher.Group);
        if (watcher.Is(WatcherFlags.ProgressNotify))
        {
            watcher.Session.ProgressWatchers--;
            ProgressWatchers--;
        }
    }

    private void Fail(HubSession session)
    {
        session.IsFailed = true;
        if (session.Staged.Count == 0)
            _dirty.Add(session);
    }
}
