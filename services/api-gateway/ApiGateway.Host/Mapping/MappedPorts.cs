using ApiGateway.Host.ClientPort;

namespace ApiGateway.Host.Mapping;

/// <summary>Keeps the client ports of a gateway of its own shut until the mapping that it was told of is in force.</summary>
internal sealed class MappedPorts(V2Mapping mapping, IReadOnlyList<ClientPortListener> ports) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var inForce = mapping.EnsureAsync();
        foreach (var port in ports)
            port.OpenAfter = inForce;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
