namespace LeaseManager.Client.Routing;

/// <summary>How patient a client of several lease managers is.</summary>
public sealed record RoutedLeaseManagerOptions
{
    /// <summary>How long a call goes on asking, unless its caller gives up earlier: etcd's 5 s + 2 election timeouts.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>What one manager gets to answer; then it is looked for the active one anew. A frozen one says nothing at all.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>First wait after an attempt in vain; doubles up to <see cref="RetryMax"/>.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(10);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromMilliseconds(50);
}
