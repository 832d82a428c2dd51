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
