using MassTransit;
using WatchHub.Messages;

namespace EndToEnd.Tests.Feed;

/// <summary>A consumer as a service would have it: MassTransit, a durable queue bound to exchanges of feeds, one message at a time.</summary>
public sealed class FeedConsumer : IAsyncDisposable
{
    private readonly IBusControl _bus;
    private readonly Lock _gate = new();
    private readonly List<Delivered> _delivered = [];

    private FeedConsumer(BrokerAccount broker, string queue, string[] exchanges)
    {
        _bus = Bus.Factory.CreateUsingRabbitMq(bus =>
        {
            bus.Host(broker.Address, host =>
            {
                host.Username(broker.User);
                host.Password(broker.Password);
            });
            bus.ReceiveEndpoint(queue, endpoint =>
            {
                endpoint.ConfigureConsumeTopology = false;
                foreach (var exchange in exchanges)
                    endpoint.Bind(exchange);
                endpoint.PrefetchCount = 1;
                endpoint.ConcurrentMessageLimit = 1;
                Take<KeyChanged>(endpoint);
                Take<ChangesMissed>(endpoint);
                Take<LeaderChanged>(endpoint);
                Take<MemberChanged>(endpoint);
                Take<AlarmRaised>(endpoint);
                Take<CompactionDone>(endpoint);
                Take<LeaseManagerHandedOver>(endpoint);
            });
        });
    }

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<Delivered> Delivered
    {
        get
        {
            lock (_gate)
                return [.. _delivered];
        }
    }

    public IReadOnlyList<KeyChanged> Changes => [.. Delivered.Select(static delivered => delivered.Message).OfType<KeyChanged>()];

    public static Task<FeedConsumer> StartAsync(RabbitMqServer broker, string queue, params string[] exchanges) => StartAsync(broker.Account, queue, exchanges);

    public static async Task<FeedConsumer> StartAsync(BrokerAccount broker, string queue, params string[] exchanges)
    {
        var consumer = new FeedConsumer(broker, queue, exchanges);
        await consumer._bus.StartAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        return consumer;
    }

    /// <summary>Waits for the first message of a type for which something holds.</summary>
    /// <param name="holds">What must hold.</param>
    /// <param name="log">Of the server, for the message of a test that fails.</param>
    public async Task<T> FirstAsync<T>(Func<T, bool> holds, Func<string>? log = null)
        where T : StoreMessage
    {
        try
        {
            return await Poll.UntilAsync(
                $"a {typeof(T).Name}", TimeSpan.FromSeconds(30), () => Task.FromResult(Delivered.Select(static delivered => delivered.Message).OfType<T>().FirstOrDefault(holds)));
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; heard {Delivered.Count}. Log:\n{log?.Invoke()}", late);
        }
    }

    public async ValueTask DisposeAsync() => await _bus.StopAsync(TimeSpan.FromSeconds(10));

    private void Take<T>(IReceiveEndpointConfigurator endpoint)
        where T : StoreMessage =>
        endpoint.Handler<T>(context =>
        {
            lock (_gate)
                _delivered.Add(new Delivered(context.MessageId!.Value, context.Message));
            return Task.CompletedTask;
        });
}

/// <summary>One message as it came.</summary>
public sealed record Delivered(Guid MessageId, StoreMessage Message);
