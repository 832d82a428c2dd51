using ApiGateway.Host.ClientPort;
using Microsoft.Extensions.Hosting;

namespace Standalone.Cluster;

/// <summary>Keeps the client ports shut until this member takes part in its cluster: as in etcd, a member without a leader serves nobody at its start.</summary>
/// <remarks>Started before the server is: that one's start binds the ports.</remarks>
internal sealed class ClientPortOpener(MemberCluster cluster, IReadOnlyList<ClientPortListener> ports) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var ready = cluster.ReadyAsync(_stopping.Token);
        foreach (var port in ports)
            port.OpenAfter = ready;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    public void Dispose() => _stopping.Dispose();
}
