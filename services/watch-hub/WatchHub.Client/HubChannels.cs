using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace WatchHub.Client;

/// <summary>
/// Channels to a replica set: "dns:///name:port" (all addresses of the name, by turns) or a comma-separated list of http URLs, each its own
/// channel and taken by turns.
/// </summary>
internal sealed class HubChannels : IDisposable
{
    private readonly GrpcChannel[] _channels;
    private uint _turn;

    public HubChannels(string addresses) =>
        _channels = [.. addresses
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(Open)];

    public int Count => _channels.Length;

    public GrpcChannel Next() => _channels[Interlocked.Increment(ref _turn) % (uint)_channels.Length];

    public void Dispose()
    {
        foreach (var channel in _channels)
            channel.Dispose();
    }

    private static GrpcChannel Open(string address)
    {
        var options = new GrpcChannelOptions
        {
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
            HttpHandler = new SocketsHttpHandler
            {
                // A session is a stream that stays; beyond a hundred of them a connection would make the next one wait.
                EnableMultipleHttp2Connections = true,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                KeepAlivePingDelay = TimeSpan.FromSeconds(10),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
            },
            DisposeHttpClient = true,
        };
        if (address.StartsWith("dns:", StringComparison.Ordinal))
        {
            options.Credentials = ChannelCredentials.Insecure;
            options.ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } };
        }
        return GrpcChannel.ForAddress(address, options);
    }
}
