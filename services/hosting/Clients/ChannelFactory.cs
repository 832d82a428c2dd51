using System.Net.Http;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Hosting.Clients;

/// <summary>How one service connects to another: cleartext HTTP/2 on a private network, few connections, long streams of batches.</summary>
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
    public static GrpcChannel Create(string address)
    {
        var options = new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.Insecure,
            HttpHandler = CreateHandler(),
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
    public static GrpcChannel CreateForPeer(string address)
    {
        var handler = CreateHandler();
        handler.KeepAlivePingDelay = PeerPing;
        handler.KeepAlivePingTimeout = PeerPing;
        handler.ConnectTimeout = PeerPing;
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.Insecure,
            HttpHandler = handler,
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
    public static GrpcChannel CreateForManyStreams(string address)
    {
        var handler = CreateHandler();
        handler.InitialHttp2StreamWindowSize = ManyStreamsWindowBytes;
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        });
    }

    private static SocketsHttpHandler CreateHandler() => new()
    {
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
