namespace Standalone.Discovery;

/// <summary>One member that registered.</summary>
/// <param name="Id">Its id in hexadecimal: the name of its key.</param>
/// <param name="Urls">"name=url[,name=url...]".</param>
/// <param name="CreatedAt">Place in the order of registrations.</param>
internal sealed record Registration(string Id, string Urls, ulong CreatedAt);

/// <summary>All who registered so far, and where to go on listening.</summary>
/// <param name="Members">In any order.</param>
/// <param name="Position">The state of the key space that this was.</param>
internal sealed record RegistryListing(IReadOnlyList<Registration> Members, ulong Position);

/// <summary>Where the members of a cluster to be write down their addresses and read those of the others.</summary>
/// <remarks>Every method throws <see cref="RegistryUnavailableException"/> when it may be tried again, <see cref="DiscoveryFailure"/> when that is of no use.</remarks>
internal interface IRegistry : IDisposable
{
    /// <summary>What it is called in log lines.</summary>
    string Service { get; }

    /// <summary>Who registers a second time is refused as another.</summary>
    bool RegistersOnce { get; }

    /// <summary>How many members the cluster is to have, as it was written.</summary>
    Task<string> SizeAsync(CancellationToken cancellation);

    Task<RegistryListing> ListAsync(CancellationToken cancellation);

    /// <summary>Writes down this member, and sees to it that those who watch the registry can hear of it.</summary>
    Task RegisterAsync(string id, string urls, CancellationToken cancellation);

    /// <summary>Those who register after <paramref name="position"/>, until the enumeration is given up; it may end by itself, after which one lists again.</summary>
    IAsyncEnumerable<Registration> FollowAsync(ulong position, CancellationToken cancellation);
}
