using System.Net.Http;
using System.Net.Security;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Hosting.Sidecars;
using Hosting.Tls;
using Liveness;
using Microsoft.Extensions.DependencyInjection;

namespace Hosting.Clients;

/// <summary>How one service connects to another: HTTP/2, in clear on a private network or over TLS; few connections, long streams of batches.</summary>
public static class ChannelFactory
{
    // A replica that dies without a word is noticed within the sum of the two.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    // Members tell each other of elections: a dead connection between them must not outlive one by much. The least the handler takes.
    private static readonly TimeSpan PeerPing = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan PeerReconnect = TimeSpan.FromMilliseconds(20);

    // Of a hub's session: some round trips on a fast network, and what a slow reader costs.
    private const int ManyStreamsWindowBytes = 128 * 1024;

    // How soon added replicas get their share.
    private static readonly TimeSpan DnsRefresh = TimeSpan.FromSeconds(5);

    /// <summary>Makes a channel to <c>http://host:port</c>, or to all addresses of <c>dns:///host:port</c> round robin.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="tls">Speak TLS, whatever the address says; null: only to <c>https://</c>, with the system's authorities.</param>
    public static GrpcChannel Create(string address, ClientTls? tls = null)
    {
        address = Secured(address, tls);
        var options = new GrpcChannelOptions
        {
            Credentials = CredentialsOf(address, tls),
            HttpHandler = new TrafficHandler(CreateHandler(tls)),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null, // What may be sent is bounded by the services, not by the transport.
            MaxSendMessageSize = null,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxReconnectBackoff = TimeSpan.FromSeconds(2),
        };
        if (!address.StartsWith("dns:", StringComparison.Ordinal))
            return GrpcChannel.ForAddress(address, options);

        options.ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } };
        options.ServiceProvider = new ServiceCollection()
            .AddSingleton<ResolverFactory>(new DnsResolverFactory(DnsRefresh))
            .BuildServiceProvider();
        return GrpcChannel.ForAddress(address, options);
    }

    /// <summary>Makes a channel to one address of a cluster member, http://host:port: quick to notice that it is gone, and to try again.</summary>
    /// <param name="address">Where to; members say themselves by their URLs whether they speak TLS.</param>
    /// <param name="tls">For <c>https://</c>; null: the system's authorities.</param>
    /// <param name="route">The address is that of a sidecar, which passes calls on by it; null: it is not.</param>
    /// <param name="cluster">Of which cluster whoever answers has to be, see <see cref="ClusterMark"/>; null: of any.</param>
    public static GrpcChannel CreateForPeer(string address, ClientTls? tls = null, AppRoute? route = null, string? cluster = null)
    {
        var handler = CreateHandler(tls);
        handler.KeepAlivePingDelay = PeerPing;
        handler.KeepAlivePingTimeout = PeerPing;
        handler.ConnectTimeout = PeerPing;
        HttpMessageHandler calls = route is null ? new TrafficHandler(handler) : Routed(handler, route);
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            Credentials = CredentialsOf(address, tls: null),
            HttpHandler = cluster is null ? calls : new ClusterMark(calls, cluster),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
            // A member that was away may lead as soon as it is back: calls to it must not wait for the next attempt of a long row.
            InitialReconnectBackoff = PeerReconnect,
            MaxReconnectBackoff = 5 * PeerReconnect,
        });
    }

    /// <summary>
    /// Makes a channel to one address for thousands of streams, any of which may not be read for long: what it may hold meanwhile is small. The process must not let
    /// windows grow by themselves (<c>System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing</c>).
    /// </summary>
    /// <param name="address">Where to.</param>
    /// <param name="tls">As for <see cref="Create"/>.</param>
    /// <param name="route">As for <see cref="CreateForPeer"/>.</param>
    public static GrpcChannel CreateForManyStreams(string address, ClientTls? tls = null, AppRoute? route = null)
    {
        address = Secured(address, tls);
        var handler = CreateHandler(tls);
        handler.InitialHttp2StreamWindowSize = ManyStreamsWindowBytes;
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = route is null ? new TrafficHandler(handler) : Routed(handler, route),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        });
    }

    /// <summary>What the calls of a channel go through.</summary>
    internal static HttpMessageHandler Routed(SocketsHttpHandler handler, AppRoute? route)
    {
        if (route is null)
            return handler;
        // A sidecar is beside its process, so a connection does not die in silence; and it sends away whoever pings more often than every five minutes.
        handler.KeepAlivePingDelay = Timeout.InfiniteTimeSpan;
        route.InnerHandler = handler;
        return route;
    }

    // A process that knows how to speak TLS speaks nothing else: an address without it must not send anything in clear by mistake.
    private static string Secured(string address, ClientTls? tls) =>
        tls is not null && address.StartsWith("http://", StringComparison.Ordinal) ? "https://" + address["http://".Length..] : address;

    private static ChannelCredentials CredentialsOf(string address, ClientTls? tls) =>
        tls is not null || address.StartsWith("https://", StringComparison.Ordinal) ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure;

    private static SocketsHttpHandler CreateHandler(ClientTls? tls) => new()
    {
        SslOptions = tls?.Options() ?? new SslClientAuthenticationOptions(),
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        InitialHttp2StreamWindowSize = 4 * 1024 * 1024,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        // Trace context travels inside the batches, one for each proposal: the HTTP request itself carries none.
        ActivityHeadersPropagator = null,
    };
}
