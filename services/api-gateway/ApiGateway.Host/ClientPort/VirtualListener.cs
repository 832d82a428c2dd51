using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace ApiGateway.Host.ClientPort;

/// <summary>Kestrel's side of a client port for one protocol.</summary>
internal sealed class VirtualListener(ClientPortEndPoint endPoint) : IConnectionListener
{
    private readonly ChannelReader<ConnectionContext> _connections = endPoint.Port.Decided(endPoint.Protocol);

    public EndPoint EndPoint => endPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _connections.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_connections.TryRead(out var connection))
                return connection;
        }
        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => endPoint.Port.UnbindAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await endPoint.Port.UnbindAsync(CancellationToken.None).ConfigureAwait(false);
        while (_connections.TryRead(out var connection))
            await connection.DisposeAsync().ConfigureAwait(false);
        await endPoint.Port.DisposeAsync().ConfigureAwait(false);
    }
}
