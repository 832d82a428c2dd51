using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using RabbitMQ.Client;

namespace EndToEnd.Tests.Feed;

/// <summary>
/// What a sidecar does for an app that has subscribed to raw messages of a topic with pubsub.rabbitmq: a durable queue of the app's at the topic's fanout exchange; each message goes to the app as the data of a CloudEvent
/// that the sidecar makes.
/// </summary>
internal sealed class DaprDelivery : IAsyncDisposable
{
    private readonly HttpClient _app;
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly (string Topic, string Route) _subscription;

    private DaprDelivery(HttpClient app, IConnection connection, IChannel channel, (string, string) subscription) =>
        (_app, _connection, _channel, _subscription) = (app, connection, channel, subscription);

    private string Queue => "subscriber-" + _subscription.Topic;

    /// <summary>Asks the app what it has subscribed to, as a sidecar does once the app serves, and makes the queue.</summary>
    public static async Task<DaprDelivery> StartAsync(Uri app, int brokerPort)
    {
        var client = new HttpClient { BaseAddress = app };
        var subscription = (await Poll.UntilAsync<JsonElement[]>("the app to say what it subscribes to", TimeSpan.FromSeconds(30), async () =>
        {
            try
            {
                return await client.GetFromJsonAsync<JsonElement[]>("dapr/subscribe");
            }
            catch (HttpRequestException)
            {
                return null;
            }
        })).Single();
        Assert.Equal(("feed", "true"), (Text(subscription, "pubsubName"), Text(subscription.GetProperty("metadata"), "rawPayload")));
        var connection = await new ConnectionFactory { HostName = "127.0.0.1", Port = brokerPort }.CreateConnectionAsync();
        var delivery = new DaprDelivery(client, connection, await connection.CreateChannelAsync(), (Text(subscription, "topic"), Text(subscription, "route").TrimStart('/')));
        await delivery._channel.ExchangeDeclareAsync(delivery._subscription.Topic, ExchangeType.Fanout, durable: true, autoDelete: false);
        await delivery._channel.QueueDeclareAsync(delivery.Queue, durable: true, exclusive: false, autoDelete: false);
        await delivery._channel.QueueBindAsync(delivery.Queue, delivery._subscription.Topic, "");
        return delivery;
    }

    /// <summary>Delivers the next message, so many times as if the app's answer had got lost before the last.</summary>
    public async Task DeliverAsync(int times = 1)
    {
        var message = await Poll.UntilAsync("a message", TimeSpan.FromSeconds(30), () => _channel.BasicGetAsync(Queue, autoAck: false));
        for (var n = 0; n < times; n++)
        {
            using var content = JsonContent.Create(
                new Dictionary<string, string>
                {
                    ["id"] = Guid.NewGuid().ToString(),
                    ["specversion"] = "1.0",
                    ["source"] = "Dapr",
                    ["type"] = "com.dapr.event.sent",
                    ["pubsubname"] = "feed",
                    ["topic"] = _subscription.Topic,
                    ["datacontenttype"] = "application/octet-stream",
                    ["data_base64"] = Convert.ToBase64String(message.Body.Span),
                },
                new MediaTypeHeaderValue("application/cloudevents+json"));
            using var answer = await _app.PostAsync(_subscription.Route, content);
            Assert.True(answer.IsSuccessStatusCode, $"the app answered {answer.StatusCode}");
        }
        await _channel.BasicAckAsync(message.DeliveryTag, multiple: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        _app.Dispose();
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
