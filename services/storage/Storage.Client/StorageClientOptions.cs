namespace Storage.Client;

/// <summary>When a replica counts as lost although its connection stands.</summary>
public sealed record StorageClientOptions
{
    /// <summary>A result stream or feed over which nothing came for so long is broken; replicas beat several times within it.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A replica that does not confirm a subscription, or does not begin a feed, for so long is as good as lost. Longer than the silence: a connection may
    /// have to be made first.
    /// </summary>
    public TimeSpan EstablishLimit { get; init; } = TimeSpan.FromSeconds(2);
}
