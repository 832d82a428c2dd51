using Grpc.Core;
using WatchHub.Client.Sessions;
using WatchHub.Contracts;
using Rpc = WatchHub.Client.Wire.WatchHub;

namespace WatchHub.Client;

/// <summary>The hub over gRPC. Each session goes to the next hub of the set; one that cannot be reached is passed over.</summary>
/// <param name="addresses">"dns:///name:port", or http URLs separated by commas.</param>
public sealed class WatchHubClient(string addresses) : IWatchHub, IDisposable
{
    private readonly HubChannels _channels = new(addresses);

    /// <exception cref="RpcException">No hub could be reached.</exception>
    public async ValueTask<IWatchSession> OpenSessionAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var call = new Rpc.WatchHubClient(_channels.Next()).Session(cancellationToken: CancellationToken.None);
            try
            {
                // The hub answers with headers as soon as it has opened the session.
                await call.ResponseHeadersAsync.WaitAsync(cancellation);
                return new WatchHubClientSession(call);
            }
            catch (RpcException) when (attempt < _channels.Count)
            {
                call.Dispose();
            }
            catch
            {
                call.Dispose();
                throw;
            }
        }
    }

    public void Dispose() => _channels.Dispose();
}
