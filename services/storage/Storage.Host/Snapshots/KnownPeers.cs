using Hosting.Clients;
using Storage.Client;
using Storage.Contracts;

namespace Storage.Host.Snapshots;

/// <summary>Clients of the replicas at some addresses, made once for each. For one caller at a time.</summary>
/// <param name="addresses">The addresses as of now.</param>
internal sealed class KnownPeers(Func<CancellationToken, ValueTask<IReadOnlyList<string>>> addresses)
{
    private readonly Dictionary<string, StorageClient> _clients = [];

    /// <summary>The replicas as of now. Those that are gone since the last call are disposed.</summary>
    public async ValueTask<IReadOnlyList<IStorage>> FindAsync(CancellationToken cancellation)
    {
        var found = await addresses(cancellation).ConfigureAwait(false);
        foreach (var gone in _clients.Keys.Except(found).ToList())
        {
            _clients.Remove(gone, out var client);
            client!.Dispose();
        }
        foreach (var address in found)
            if (!_clients.ContainsKey(address))
                _clients.Add(address, StorageClient.Owning(ChannelFactory.Create(address)));
        return [.. found.Select(address => _clients[address])];
    }
}
