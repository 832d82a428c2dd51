namespace Chaos.Tests.Workload;

/// <summary>How much a workload does.</summary>
public sealed record WorkloadOptions
{
    /// <summary>What client number n does.</summary>
    public required Func<int, ClientScript> Script { get; init; }

    /// <summary>Spread evenly over the members.</summary>
    public int Clients { get; init; } = 24;

    /// <summary>Between an answer and the next request of the same client: the load, not a wait for anything.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Between an error and the next request: a member that refuses at once is not asked in a tight loop.</summary>
    public TimeSpan PauseAfterError { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>After this a client gives up on a request.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A client stops by itself after so many.</summary>
    public int MaxRequestsPerClient { get; init; } = 5000;

    /// <summary>Added to each value.</summary>
    public int PaddingBytes { get; init; }

    /// <summary>Number of the first client: unique over the workloads of one history.</summary>
    public int FirstClient { get; init; }
}
