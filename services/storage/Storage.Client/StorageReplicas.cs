using Grpc.Net.Client;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>The storage that a configuration names.</summary>
public static class StorageReplicas
{
    /// <summary>A client of one replica, or one that moves between several.</summary>
    /// <param name="addresses">Comma-separated, at least one; or one name, <c>dns:///host:port</c>, for as many as there are at any time.</param>
    /// <param name="channel">Makes the channel to one address; the client disposes it.</param>
    /// <param name="options">How patient the client of several is, and where it begins; null: the defaults.</param>
    public static IStorage Connect(string addresses, Func<string, GrpcChannel> channel, ReplicatedStorageOptions? options = null)
    {
        var holder = (ulong)Random.Shared.NextInt64();
        if (ReplicaName.TryParse(addresses, out var name))
        {
            // Until the name is looked up, and when that fails: whatever replica a connection gets to.
            var storage = new ReplicatedStorage([StorageClient.Owning(channel(name.AnyAddress))], holder, options);
            storage.Follow(new ReplicaDiscovery(storage, name.ResolveAsync, address => StorageClient.Owning(channel(address)), holder));
            return storage;
        }
        IStorage[] replicas = [.. addresses
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(address => StorageClient.Owning(channel(address)))];
        return replicas.Length == 1 ? replicas[0] : new ReplicatedStorage(replicas, holder, options);
    }
}
