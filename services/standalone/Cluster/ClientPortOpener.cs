using ApiGateway.Host.ClientPort;
using ApiGateway.Host.Mapping;
using Microsoft.Extensions.Hosting;

namespace Standalone.Cluster;

/// <summary>Keeps the client ports shut until this member takes part in its cluster: as in etcd, a member without a leader serves nobody at its start.</summary>
/// <remarks>Nor is anybody served before the mapping that it was told of is in force. Started before the server is: that one's start binds the ports.</remarks>
internal sealed class ClientPortOpener(MemberCluster cluster, V2Mapping mapping, IReadOnlyList<ClientPortListener> ports) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Completes when the ports open; ends otherwise when the member stops before.</summary>
    public Task Ready { get; private set; } = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Ready = BecomeReadyAsync();
        foreach (var port in ports)
            port.OpenAfter = Ready;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public void Dispose() => _stopping.Dispose();

    private async Task BecomeReadyAsync()
    {
        await cluster.ReadyAsync(_stopping.Token).ConfigureAwait(false);
        await mapping.EnsureAsync().ConfigureAwait(false);
    }
}
