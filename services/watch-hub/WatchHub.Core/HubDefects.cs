namespace WatchHub.Core;

/// <summary>
/// Wrong rules, switched on by tests alone: each proves that the simulation finds the mistake. One branch each, where the rule is, and none where it would cost anything.
/// </summary>
[Flags]
internal enum HubDefects
{
    None = 0,

    /// <summary>A watcher that leaves Blocked goes on behind the revision that found no room.</summary>
    SkipsWhenUnblocked = 1 << 0,

    /// <summary>A watcher that leaves Blocked goes on one revision too early.</summary>
    RepeatsWhenUnblocked = 1 << 1,

    /// <summary>Stream-wide progress does not wait for watchers that are behind.</summary>
    ProgressBeforeCaughtUp = 1 << 2,

    /// <summary>A watcher that is behind is told of progress like a synced one.</summary>
    NotifiesWatchersBehind = 1 << 3,

    /// <summary>A revision too large for one message is split without a word.</summary>
    SplitsSilently = 1 << 4,

    /// <summary>A watcher that compaction overtook goes on at the compacted revision.</summary>
    SkipsWhatIsCompacted = 1 << 5,

    /// <summary>"Current" is the hub's revision, even if the caller has seen a later one.</summary>
    ForgetsWhatTheCallerSaw = 1 << 6,

    /// <summary>A feed that was lost leaves synced watchers as they are.</summary>
    StaysSyncedWithoutFeed = 1 << 7,

    /// <summary>A watcher is synced after one piece of the window.</summary>
    SyncedAfterOnePiece = 1 << 8,

    /// <summary>Catch-up sends no previous values.</summary>
    CatchUpWithoutPrevious = 1 << 9,

    /// <summary>History is taken for the watcher's whole past, even if it says where to go on.</summary>
    OneHistoryIsEnough = 1 << 10,

    /// <summary>v2: what a hub had when a watch came is history to it, also if the watch lived elsewhere then.</summary>
    TakesAMoveForHistory = 1 << 11,

    /// <summary>v2: what comes when a watch is there is live to it, also if its caller had it before.</summary>
    TakesHistoryForLive = 1 << 12,

    /// <summary>v2: a watcher that catches up hears of hidden nodes.</summary>
    CatchUpShowsHidden = 1 << 13,

    /// <summary>v2: a node is hidden by its own name only, not by that of a directory above.</summary>
    HiddenDirectoriesShow = 1 << 14,

    /// <summary>v2: watches below a removed directory are not told.</summary>
    RemovalsStayAbove = 1 << 15,
}
