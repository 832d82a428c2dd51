using Grpc.Net.Client;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>The storage that a configuration names.</summary>
public static class StorageReplicas
{
    /// <summary>A client of one replica, or one that moves between several.</summary>
    /// <param name="addresses">Comma-separated, at least one.</param>
    /// <param name="channel">Makes the channel to one address; channels stay the caller's.</param>
    /// <param name="options">How patient the client of several is, and where it begins; null: the defaults.</param>
    public static IStorage Connect(string addresses, Func<string, GrpcChannel> channel, ReplicatedStorageOptions? options = null)
    {
        IStorage[] replicas = [.. addresses
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(address => new StorageClient(channel(address)))];
        return replicas.Length == 1 ? replicas[0] : new ReplicatedStorage(replicas, (ulong)Random.Shared.NextInt64(), options);
    }
}
