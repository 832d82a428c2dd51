using System.Net.Security;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace WatchHub.Feed.Broker;

/// <summary>
/// A bus of MassTransit's: one connection, with publisher confirms. It connects and reconnects by itself while the broker is away; where the broker refuses it, it is over, and another has
/// to take its place.
/// </summary>
internal sealed class BusConnection : IAsyncDisposable
{
    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly IBusControl _bus;
    private readonly CancellationTokenSource _ending = new();

    /// <summary>Begins to connect.</summary>
    /// <exception cref="IOException">The password file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it be.</exception>
    public BusConnection(FeedOptions options, TimeProvider time, ILoggerFactory loggers, ISendObserver observer)
    {
        (_options, _time) = (options, time);
        var (settings, password) = (options.Broker, options.Broker.ReadPassword());
        // What goes wrong is told by the feeds, once; MassTransit tells of each of its attempts.
        LogContext.ConfigureCurrentLogContext(loggers.CreateLogger(nameof(MassTransit)).IsEnabled(LogLevel.Debug) ? loggers : NullLoggerFactory.Instance);
        _bus = Bus.Factory.CreateUsingRabbitMq(bus => bus.Host(settings.Address, "distributed-feed", host =>
        {
            host.Username(settings.User);
            host.Password(password);
            host.PublisherConfirmation = true;
            if (settings.Address.Scheme == "rabbitmqs")
            {
                host.UseSsl(tls =>
                {
                    tls.ServerName = settings.Address.Host;
                    tls.EnforcePolicyErrors(SslPolicyErrors.RemoteCertificateNotAvailable | SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateChainErrors);
                });
            }
        }));
        _bus.ConnectSendObserver(observer);
        Started = _bus.StartAsync(_ending.Token);
    }

    /// <summary>Completes when it is connected for the first time; faults when the broker refuses it.</summary>
    public Task Started { get; }

    public Task<ISendEndpoint> EndpointAsync(Uri address) => _bus.GetSendEndpoint(address);

    /// <summary>What keeps it from connecting, if that is known.</summary>
    public Exception? WhyAway()
    {
        var health = _bus.CheckHealth();
        return health.Exception ?? health.Endpoints.Values.Select(static endpoint => endpoint.Exception).FirstOrDefault(static failed => failed is not null);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(_options.ReleasePatience, _time);
        try
        {
            await _bus.StopAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The broker does not answer: the connection ends with the process.
        }
        _ending.Dispose();
    }
}
