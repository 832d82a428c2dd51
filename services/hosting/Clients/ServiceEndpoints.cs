using System.Collections.Concurrent;
using Grpc.Net.Client;
using Hosting.Sidecars;
using Hosting.Tls;
using Microsoft.Extensions.Configuration;

namespace Hosting.Clients;

/// <summary>
/// Channels to the other services, one for each, made from the configuration on first use:
/// <c>Services:Consensus</c>, <c>Services:Storage</c>, <c>Services:WatchHub</c>, <c>Services:LeaseManager</c>, each
/// <c>http://host:port</c> (one address) or <c>dns:///host:port</c> (all addresses of the name; the lease managers' client finds the active one). Watch hubs and lease managers may also be
/// <c>dapr:app-id</c>: they are called through this process's <see cref="Sidecar"/>. <c>Services:Spread</c>: a client of
/// several addresses begins at any of them, so that processes configured alike spread; else at the first. Thread-safe.
/// </summary>
/// <param name="configuration">Of the process.</param>
/// <param name="tls">How it speaks TLS to other services; null: it does not, but to <c>https://</c>.</param>
public sealed class ServiceEndpoints(IConfiguration configuration, ClientTls? tls = null) : IDisposable
{
    // Lazy: two threads that ask first must not open two channels.
    private readonly ConcurrentDictionary<string, Lazy<GrpcChannel>> _channels = new();

    private readonly Sidecar _sidecar = Sidecar.Read(configuration);

    /// <summary>The channel to a service; owned by this object.</summary>
    /// <param name="service">Name below <c>Services:</c> in the configuration.</param>
    /// <exception cref="ConfigurationException">The configuration says nothing about that service.</exception>
    public GrpcChannel Channel(string service) =>
        _channels.GetOrAdd(service, name => new(() => Create(AddressOf(name, configuration)))).Value;

    /// <summary><see cref="ChannelFactory.Create"/> as this process speaks; the caller owns the channel.</summary>
    public GrpcChannel Create(string address) => ChannelFactory.Create(address, tls);

    /// <summary><see cref="ChannelFactory.CreateForPeer"/>, likewise.</summary>
    public GrpcChannel CreateForPeer(string address) => AppAddress.TryParse(address, out var app)
        ? ChannelFactory.CreateForPeer(_sidecar.Address, tls: null, new AppRoute(_sidecar, app))
        : ChannelFactory.CreateForPeer(tls is null ? address : address.Replace("http://", "https://", StringComparison.Ordinal), tls);

    /// <summary><see cref="ChannelFactory.CreateForManyStreams"/>, likewise.</summary>
    public GrpcChannel CreateForManyStreams(string address) => AppAddress.TryParse(address, out var app)
        ? ChannelFactory.CreateForManyStreams(_sidecar.Address, tls: null, new AppRoute(_sidecar, app))
        : ChannelFactory.CreateForManyStreams(address, tls);

    /// <summary>The address itself, for a client that spreads over several channels by its own rule.</summary>
    /// <exception cref="ConfigurationException">The configuration says nothing about that service.</exception>
    public string Address(string service) => AddressOf(service, configuration);

    /// <summary>Which of several addresses a client begins with; null: any.</summary>
    /// <exception cref="ConfigurationException">Services:Spread is neither true nor false.</exception>
    public int? First => configuration["Services:Spread"] is not { Length: > 0 } text ? 0
        : bool.TryParse(text, out var spreads) ? (spreads ? null : 0)
        : throw new ConfigurationException($"Services:Spread must be true or false, not \"{text}\"");

    public void Dispose()
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.IsValueCreated)
                channel.Value.Dispose();
        }
    }

    private static string AddressOf(string service, IConfiguration configuration) =>
        configuration["Services:" + service] is { Length: > 0 } address
            ? address
            : throw new ConfigurationException(
                $"no address of {service}: set Services:{service} (environment: Services__{service}) to http://host:port or dns:///host:port");
}
