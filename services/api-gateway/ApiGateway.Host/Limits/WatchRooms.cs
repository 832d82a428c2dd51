using Microsoft.AspNetCore.Connections.Features;

namespace ApiGateway.Host.Limits;

/// <summary>
/// How many watches there may be: of a stream, of the streams of a connection, of this gateway. etcd has no such bounds; a watch keeps memory here for as long as its client likes.
/// </summary>
internal sealed class WatchRooms(GatewayOptions options)
{
    private static readonly object s_key = new();

    private readonly Room _gateway = new(options.MaxWatches, "this server");

    /// <summary>The room of one more stream.</summary>
    public Room OfStream(HttpContext http) => new(options.MaxWatchesPerStream, "this stream", OfConnection(http));

    // A stream of the JSON gateway has a connection to itself.
    private Room OfConnection(HttpContext http)
    {
        if (http.Features.Get<IConnectionItemsFeature>()?.Items is not { } items)
            return new Room(options.MaxWatchesPerConnection, "this connection", _gateway);
        // Streams of one connection begin side by side.
        lock (items)
        {
            if (items.TryGetValue(s_key, out var known))
                return (Room)known!;
            var fresh = new Room(options.MaxWatchesPerConnection, "this connection", _gateway);
            items[s_key] = fresh;
            return fresh;
        }
    }
}
