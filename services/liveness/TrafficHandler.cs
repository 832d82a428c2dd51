using System.Collections.Concurrent;

namespace Liveness;

/// <summary>
/// Lets calls know what comes from their peer (<see cref="CallTraffic"/>). To be used where an address stands for one process: behind a proxy that passes calls on to
/// several, a connection says nothing of any one of them.
/// </summary>
public sealed class TrafficHandler : DelegatingHandler
{
    // One for each address of the channel, which are few.
    private readonly ConcurrentDictionary<string, ReceivedBytes> _received = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="inner">Its connections are counted; disposed with this.</param>
    public TrafficHandler(SocketsHttpHandler inner) : base(inner) =>
        inner.PlaintextStreamFilter = (connection, _) =>
            new(new CountingStream(connection.PlaintextStream, From(connection.InitialRequestMessage.RequestUri!)));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        CallTraffic.Opening?.Follow(From(request.RequestUri!));
        return base.SendAsync(request, cancellationToken);
    }

    private ReceivedBytes From(Uri address) => _received.GetOrAdd(address.Authority, static _ => new ReceivedBytes());
}
