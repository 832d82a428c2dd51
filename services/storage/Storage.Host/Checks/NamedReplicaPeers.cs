using Grpc.Net.Client;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Host.Checks;

/// <summary>The replicas behind a name, looked up at each call; whoever is told to compare does.</summary>
/// <param name="resolve">The addresses as of now; this replica's own among them does no harm.</param>
/// <param name="channel">Makes the channel to one address.</param>
internal sealed class NamedReplicaPeers(Func<CancellationToken, ValueTask<IReadOnlyList<string>>> resolve, Func<string, GrpcChannel> channel) : IReplicaPeers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StorageClient> _clients = [];

    public bool IsReference => true;

    /// <summary>The replicas as of now. What was given out for those that are gone fails.</summary>
    public async ValueTask<IReadOnlyList<IStorage>> FindOthersAsync(CancellationToken cancellation)
    {
        var found = await resolve(cancellation).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var gone in _clients.Keys.Except(found).ToList())
            {
                _clients.Remove(gone, out var client);
                client!.Dispose();
            }
            foreach (var address in found)
                if (!_clients.ContainsKey(address))
                    _clients.Add(address, StorageClient.Owning(channel(address)));
            return [.. found.Select(address => _clients[address])];
        }
    }
}
