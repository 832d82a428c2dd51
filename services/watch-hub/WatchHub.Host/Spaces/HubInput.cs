using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Core;
using WatchHub.Host.Sessions;

namespace WatchHub.Host.Spaces;

internal enum HubInputKind : byte
{
    Feed,
    FeedLost,
    Open,
    Close,
    Create,
    Cancel,
    Progress,
    Drained,
    History,
    Tick,
}

/// <summary>One input of a core, waiting for its turn. Which fields are set depends on the kind.</summary>
internal readonly record struct HubInput(HubInputKind Kind)
{
    public WatchHubSession? Session { get; init; }
    public WatchSpec? Spec { get; init; }
    public FeedBatch? Batch { get; init; }
    public HistoryRequest? Request { get; init; }
    public HistoryBatch? History { get; init; }

    /// <summary>Cancel: the watch. Drained: messages.</summary>
    public long Number { get; init; }

    /// <summary>Drained: bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Open: the session's progress jitter, 0 to 1.</summary>
    public double Jitter { get; init; }
}
