using WatchHub.Core;

namespace WatchHub.Host;

/// <summary>Configuration of a hub.</summary>
public sealed record WatchHubOptions
{
    /// <summary>Bounds of each key space's core.</summary>
    public HubLimits Limits { get; init; } = new();

    /// <summary>Requests of one session not yet seen by the hub; who makes more is to wait.</summary>
    public int SessionRequests { get; init; } = 4096;

    /// <summary>The same in bytes of their keys.</summary>
    public long SessionRequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>First wait before a lost feed or a failed history read is tried again; doubles up to <see cref="RetryMax"/>.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(20);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A hub that nothing new came to says so often that it lives.</summary>
    public TimeSpan BeatInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// A hub that hears nothing from storage for so long tells its clients, so that they go to one that does. Longer than it takes to find another storage replica.
    /// </summary>
    public TimeSpan CutOffAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a hub that stops waits for its sessions to move. Less than a stop may take in all.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(3);
}
