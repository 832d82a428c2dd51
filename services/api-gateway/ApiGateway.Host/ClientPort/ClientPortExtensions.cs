using System.Net;
using Hosting.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ApiGateway.Host.ClientPort;

/// <summary>How a host opens ports for etcd clients.</summary>
public static class ClientPortExtensions
{
    // A stream's window lets a 1 MiB value travel without waiting for an update; the connection's lets several do so.
    private const int StreamWindowBytes = 1024 * 1024;
    private const int ConnectionWindowBytes = 8 * 1024 * 1024;

    // etcd sets no bound; Kestrel does arithmetic on this number, so it is merely out of reach.
    private const int MaxStreams = 1_000_000;

    // Go's server takes 1 MiB of request line and headers; v2 clients put values into the query.
    private const int MaxHeaderBytes = 1024 * 1024;

    // Go's server does not count them. Equal names are put together one by one, which costs the square of their number.
    private const int MaxHeaders = 4096;

    // Kestrel refuses less.
    private static readonly TimeSpan s_shortestPing = TimeSpan.FromSeconds(1);

    /// <summary>Opens a port for HTTP/1.1 and HTTP/2, in clear, over TLS or both, and sets the server's limits for etcd clients.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="address">Where to listen.</param>
    /// <param name="configure">More about both halves of the port; null is nothing.</param>
    /// <param name="isForClients">It is drained before anything else stops (<see cref="ClientDrain"/>), and its clients' pings are policed.</param>
    /// <param name="tls">What the port is secured with; null: it is not.</param>
    /// <param name="keepAlive">How its clients' pings are policed; null is etcd's defaults.</param>
    /// <param name="servesClear">Serve in clear beside TLS.</param>
    /// <returns>The port; its address is final once the host has started.</returns>
    public static ClientPortListener AddEtcdClientPort(
        this WebApplicationBuilder builder, EndPoint address, Action<ListenOptions>? configure = null, bool isForClients = true,
        TlsSettings? tls = null, ClientKeepAlive? keepAlive = null, bool servesClear = false)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(static _ => ConnectionSlots.OfProcess());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, ClientPortListenerFactory>());
        var port = new ClientPortListener(address)
        {
            Tls = tls,
            ServesClear = servesClear,
            IsForClients = isForClients,
            KeepAlive = isForClients ? keepAlive ?? new ClientKeepAlive() : null,
        };
        if (isForClients)
            builder.Services.AddSingleton(port);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenEtcdClient(port, configure));
        return port;
    }

    /// <summary>The Kestrel half of <see cref="AddEtcdClientPort"/>.</summary>
    public static void ListenEtcdClient(this KestrelServerOptions kestrel, ClientPortListener port, Action<ListenOptions>? configure = null)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        // Watches and keep-alive streams idle for hours, and so do the connections of pooled clients: etcd closes neither.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.KeepAliveTimeout = TimeSpan.FromHours(24);
        limits.MaxRequestLineSize = MaxHeaderBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestBufferSize = 2 * MaxHeaderBytes;
        limits.Http2.MaxStreamsPerConnection = MaxStreams;
        limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
        limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
        if (port.KeepAlive is { } keepAlive)
        {
            limits.Http2.KeepAlivePingDelay = Longer(keepAlive.Interval, s_shortestPing);
            limits.Http2.KeepAlivePingTimeout = Longer(keepAlive.Timeout, s_shortestPing);
        }

        if (port.Tls is not null)
            Listen(ClientProtocol.Tls, HttpProtocols.Http1AndHttp2);
        if (port.ServesClear)
        {
            Listen(ClientProtocol.Http1, HttpProtocols.Http1);
            Listen(ClientProtocol.Http2, HttpProtocols.Http2);
        }

        void Listen(ClientProtocol protocol, HttpProtocols protocols) => kestrel.Listen(new ClientPortEndPoint(port, protocol), endpoint =>
        {
            endpoint.Protocols = protocols;
            endpoint.Use(next => connection => port.HoldSlotAsync(connection, next));
            if (protocol == ClientProtocol.Tls && port.Tls is { } tls)
                endpoint.UseServerTls(tls, port.Purpose);
            configure?.Invoke(endpoint);
            endpoint.Use(next => connection => port.ServeAsync(connection, protocol, next));
        });
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
