namespace Standalone.Discovery;

/// <summary>The members are named by DNS (<c>--discovery-srv</c>).</summary>
/// <param name="Domain">Where the records are.</param>
/// <param name="ServiceName">Suffix of the services' names; "": none.</param>
internal sealed record SrvDiscoveryOptions(string Domain, string ServiceName) : DiscoveryOptions;
