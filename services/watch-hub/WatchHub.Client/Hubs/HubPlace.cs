namespace WatchHub.Client.Hubs;

/// <summary>How good it is for a session to be on a hub. The better the higher.</summary>
internal enum HubPlace
{
    /// <summary>It cannot be reached, or is about to stop.</summary>
    None,

    /// <summary>It answers, but hears nothing from storage at present, or its name is gone: better than none.</summary>
    Makeshift,

    Good,
}
