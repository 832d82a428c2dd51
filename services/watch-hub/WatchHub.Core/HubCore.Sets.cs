using WatchHub.Core.Watchers;

namespace WatchHub.Core;

/// <summary>The moves of watchers between their sets.</summary>
public sealed partial class HubCore
{
    // Unsynced watchers whose turn comes. One that was dropped meanwhile is skipped when it comes up; none is in here twice.
    private readonly Queue<Watcher> _unsynced = new();

    // Invariant: every revision <= _current that the watcher matches has been staged.
    private void MoveToSynced(Watcher watcher)
    {
        Leave(watcher);
        watcher.Set = WatcherSet.Synced;
        watcher.Group.Synced.Add(watcher);
    }

    private void MoveToUnsynced(Watcher watcher, long next)
    {
        Leave(watcher);
        watcher.Set = WatcherSet.Unsynced;
        watcher.Next = next;
        watcher.Session.Behind++;
        _behind++;
        _unsynced.Enqueue(watcher);
    }

    // Invariant: everything below next has been staged.
    private void MoveToBlocked(Watcher watcher, long next)
    {
        Leave(watcher);
        watcher.Set = WatcherSet.Blocked;
        watcher.Next = next;
        watcher.Session.Behind++;
        _behind++;
        watcher.Session.Blocked.Add(watcher);
    }

    private void Leave(Watcher watcher)
    {
        switch (watcher.Set)
        {
            case WatcherSet.Synced:
                watcher.Group.Synced.Remove(watcher);
                break;
            case WatcherSet.Unsynced:
                watcher.Session.Behind--;
                _behind--;
                break;
            case WatcherSet.Blocked:
                watcher.Session.Behind--;
                _behind--;
                watcher.Session.Blocked.Remove(watcher);
                break;
        }
    }
}
