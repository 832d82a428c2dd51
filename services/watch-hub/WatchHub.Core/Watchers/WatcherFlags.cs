namespace WatchHub.Core.Watchers;

/// <summary>What sets one watcher apart from others, in one byte: there are very many.</summary>
[Flags]
internal enum WatcherFlags : byte
{
    None = 0,
    ProgressNotify = 1,
    Fragment = 2,

    /// <summary>Had events since the last progress round.</summary>
    Active = 4,

    /// <summary>Its client asked for a revision that had not come: of what is before it, it hears nothing, not even progress.</summary>
    StartsLater = 8,
}
