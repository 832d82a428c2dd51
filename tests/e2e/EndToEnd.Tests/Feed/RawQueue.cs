using RabbitMQ.Client;

namespace EndToEnd.Tests.Feed;

/// <summary>Queues that MassTransit would not make.</summary>
internal static class RawQueue
{
    /// <summary>A queue of an exchange that refuses every message: it is full with one.</summary>
    public static async Task DeclareFullAsync(int port, string queue, string exchange)
    {
        await using var connection = await ConnectAsync(port);
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-max-length"] = 1,
            ["x-overflow"] = "reject-publish",
        });
        await channel.QueueBindAsync(queue, exchange, "");
        await channel.BasicPublishAsync("", queue, "full"u8.ToArray());
        await Poll.UntilAsync("the queue to be full", TimeSpan.FromSeconds(30), async () => await channel.MessageCountAsync(queue) == 1);
    }

    public static async Task<uint> CountAsync(int port, string queue)
    {
        await using var connection = await ConnectAsync(port);
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(queue);
    }

    private static Task<IConnection> ConnectAsync(int port) => new ConnectionFactory { HostName = "127.0.0.1", Port = port }.CreateConnectionAsync();
}
