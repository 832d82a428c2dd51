using FeedConsumer;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// FeedConsumer FEED [BROKER]: keeps a copy of the keys of one feed and prints each change; see docs/feeds.md.
var feed = args.Length > 0 ? args[0] : "orders";
var broker = args.Length > 1 ? args[1] : "rabbitmq://127.0.0.1:5672/";

var builder = Host.CreateApplicationBuilder();
builder.Services.AddSingleton<KeyCopy>();
builder.Services.AddMassTransit(bus =>
{
    bus.AddConsumer<ChangeConsumer>();
    bus.UsingRabbitMq((context, rabbit) =>
    {
        rabbit.Host(new Uri(broker), static host =>
        {
            host.Username(Environment.GetEnvironmentVariable("BROKER_USER") ?? "guest");
            host.Password(Environment.GetEnvironmentVariable("BROKER_PASSWORD") ?? "guest");
        });
        rabbit.ReceiveEndpoint($"{feed}-copy", endpoint =>
        {
            // The feed's exchange, not those that MassTransit would make of the message types.
            endpoint.ConfigureConsumeTopology = false;
            endpoint.Bind("distributed.feed." + feed);
            // One message at a time, of one process at a time: otherwise two changes of a key may overtake each other here.
            endpoint.PrefetchCount = 1;
            endpoint.ConcurrentMessageLimit = 1;
            endpoint.SingleActiveConsumer = true;
            // What still fails then goes to the queue FEED-copy_error.
            endpoint.UseMessageRetry(static retry => retry.Interval(3, TimeSpan.FromSeconds(1)));
            endpoint.ConfigureConsumer<ChangeConsumer>(context);
        });
    });
});
await builder.Build().RunAsync();
