namespace WatchHub.Core.Watchers;

/// <summary>Where a watcher stands. It is in exactly one set, and only the methods of HubCore named Move... change that.</summary>
public enum WatcherSet : byte
{
    /// <summary>Canceled, or its session is closed.</summary>
    Gone,

    /// <summary>Has been sent everything up to the current revision; hears of new ones as they are fed.</summary>
    Synced,

    /// <summary>Catching up from the window or from history, from its Next revision on.</summary>
    Unsynced,

    /// <summary>Its session's buffer was full when revision Next came; catches up once the session drains.</summary>
    Blocked,
}
