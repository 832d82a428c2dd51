namespace Standalone.Discovery;

/// <summary>Where a member that starts for the first time looks for the others.</summary>
internal abstract record DiscoveryOptions;

/// <summary>Members find each other by a folder of a v2 key space (<c>--discovery</c>).</summary>
/// <param name="Url">The folder, as given: it is the cluster's token, too.</param>
internal sealed record V2DiscoveryOptions(string Url) : DiscoveryOptions
{
    /// <summary>HTTP proxy for the requests; "": none.</summary>
    public string Proxy { get; init; } = "";

    /// <summary>Who finds the cluster full is to serve as a proxy of it.</summary>
    public bool FallsBackToProxy { get; init; }
}
