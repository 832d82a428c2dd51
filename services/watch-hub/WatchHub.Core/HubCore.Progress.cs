using WatchHub.Contracts;
using WatchHub.Core.Sessions;
using WatchHub.Core.Watchers;

namespace WatchHub.Core;

/// <summary>Progress: telling clients up to which revision nothing more will come.</summary>
public sealed partial class HubCore
{
    private readonly List<HubSession> _progressWanted = [];

    /// <summary>
    /// Stage one stream-wide progress message as soon as every watch of the session is synced. Requests that wait together are
    /// answered by one message. Ignored for a session without watches in this key space.
    /// </summary>
    public void RequestProgress(HubSession session)
    {
        if (session.IsClosed || session.ProgressWanted || session.Watchers.Count == 0)
            return;
        session.ProgressWanted = true;
        _progressWanted.Add(session);
    }

    /// <summary>Time has passed: idle synced watchers that asked for it hear of progress, once per interval of their session.</summary>
    public void Tick(TimeSpan now)
    {
        if (ProgressWatchers == 0)
            return;
        foreach (var session in _sessions)
        {
            if (session.ProgressWatchers == 0 || now < session.NextProgress)
                continue;
            session.NextProgress = now + session.ProgressInterval;
            foreach (var watcher in session.Watchers)
                NotifyIdle(watcher);
        }
    }

    private void NotifyIdle(Watcher watcher)
    {
        if (!watcher.Is(WatcherFlags.ProgressNotify))
            return;
        var idle = !watcher.Is(WatcherFlags.Active) && !(watcher.Is(WatcherFlags.StartsLater) && _current < watcher.Next);
        watcher.Flags &= ~WatcherFlags.Active;
        var isCaughtUp = watcher.Set == WatcherSet.Synced || Has(HubDefects.NotifiesWatchersBehind);
        if (idle && isCaughtUp && _current >= watcher.Session.MinRevision && watcher.Session.HasRoom)
            StageProgress(watcher.Session, watcher.WatchId);
    }

    private void SettleProgress()
    {
        for (var i = _progressWanted.Count - 1; i >= 0; i--)
        {
            var session = _progressWanted[i];
            if (session.Watchers.Count > 0 && ((session.Behind > 0 && !Has(HubDefects.ProgressBeforeCaughtUp)) || _current < session.MinRevision || !session.HasRoom))
                continue;
            session.ProgressWanted = false;
            _progressWanted.RemoveAt(i);
            if (session.Watchers.Count > 0)
                StageProgress(session, watchId: -1);
        }
    }

    private void StageProgress(HubSession session, long watchId) =>
        session.Stage(new WatchMessage(
            watchId, WatchMessageKind.Progress, _current, _current, _term, default, fragment: false, compactRevision: 0, trace: default));
}
