namespace ApiGateway.Host.ClientPort;

/// <summary>How a client port finds out whether gRPC clients are still there, and how often they may ask. Defaults are etcd's; zero is what its gRPC library has by itself.</summary>
public sealed record ClientKeepAlive
{
    private static readonly TimeSpan s_libraryMinTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_libraryInterval = TimeSpan.FromHours(2);
    private static readonly TimeSpan s_libraryTimeout = TimeSpan.FromSeconds(20);

    /// <summary>A client with an open stream may ping so often.</summary>
    public TimeSpan MinTime { get; init => field = Or(value, s_libraryMinTime); } = TimeSpan.FromSeconds(5);

    /// <summary>A client that was silent for so long is pinged; at least a second, which is Kestrel's bound.</summary>
    public TimeSpan Interval { get; init => field = Or(value, s_libraryInterval); } = s_libraryInterval;

    /// <summary>So long it may take to answer; at least a second.</summary>
    public TimeSpan Timeout { get; init => field = Or(value, s_libraryTimeout); } = s_libraryTimeout;

    private static TimeSpan Or(TimeSpan given, TimeSpan otherwise) => given > TimeSpan.Zero ? given : otherwise;
}
