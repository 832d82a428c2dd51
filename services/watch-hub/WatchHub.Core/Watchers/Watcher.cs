using WatchHub.Core.Sessions;

namespace WatchHub.Core.Watchers;

/// <summary>One watch. Small, because most are idle: what several watches have in common lives in their <see cref="WatchGroup"/>.</summary>
internal sealed class Watcher(long watchId, HubSession session, WatchGroup group) : Identified
{
    public readonly long WatchId = watchId;
    public readonly HubSession Session = session;
    public readonly WatchGroup Group = group;

    // Unsynced, Blocked: the first revision not sent yet. Synced: the first revision wanted, which may lie in the future.
    public long Next;

    // Position in the array of its set (Synced: the group's, Blocked: the session's).
    public int Slot;

    public WatcherSet Set;
    public WatcherFlags Flags;

    public override long Id => WatchId;

    public bool Is(WatcherFlags flag) => (Flags & flag) != 0;
}
