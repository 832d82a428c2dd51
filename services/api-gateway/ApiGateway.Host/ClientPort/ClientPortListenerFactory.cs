using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ApiGateway.Host.ClientPort;

/// <summary>Binds client ports; every other endpoint stays with Kestrel's own transport.</summary>
internal sealed class ClientPortListenerFactory(
    IOptions<SocketTransportOptions> socketOptions, ConnectionSlots slots, ILoggerFactory loggers, TimeProvider time)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(socketOptions, loggers);
    private readonly ILogger _logger = loggers.CreateLogger<ClientPortListener>();

    public bool CanBind(EndPoint endpoint) => endpoint is ClientPortEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var client = (ClientPortEndPoint)endpoint;
        await client.Port.BindAsync(_sockets, client.Port.IsForClients ? slots : null, time, _logger, cancellationToken).ConfigureAwait(false);
        return new VirtualListener(client);
    }
}
