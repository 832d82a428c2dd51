namespace Bench.Workloads;

/// <summary>Where a load goes.</summary>
/// <param name="Endpoints">Client URLs, cleartext; connections are spread over them in turn.</param>
/// <param name="ProcessIds">The servers' processes, whose processor time and memory are reported; empty when unknown.</param>
internal sealed record Target(IReadOnlyList<Uri> Endpoints, IReadOnlyList<int> ProcessIds)
{
    /// <summary>The endpoint of connection <paramref name="number"/>.</summary>
    public Uri EndpointOf(int number) => Endpoints[number % Endpoints.Count];

    public override string ToString() => string.Join(',', Endpoints);
}
