using System.Text.Json;
using ApiGateway.Core.Errors;
using ApiGateway.Core.V2.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Proposing;
using Consensus.Contracts;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace ApiGateway.Host.Rest.V2Auth;

/// <summary>
/// v2 users and roles where they are kept: nodes of the replicated v2 tree that no request can name (<see cref="V2Internal"/>), each a JSON text, as in etcd's own store. A change is written
/// only over what it was made from.
/// </summary>
internal sealed class V2AuthStore(Proposer proposer, IStorage storage, ReadBarrier barrier, ClusterView cluster, TimeProvider time)
{
    private const string EnabledPath = V2Internal.Root + "/enabled";
    private const string UsersPath = V2Internal.Root + "/users";
    private const string RolesPath = V2Internal.Root + "/roles";
    private const int KeyNotFound = 100, CompareFailed = 101, NotADirectory = 104, KeyExists = 105;

    /// <summary>A stored text, and which change made it.</summary>
    internal readonly record struct Stored<T>(T Value, ulong Index);

    /// <summary>Do users have to say who they are? As of what this gateway has seen.</summary>
    public ValueTask<bool> IsEnabledAsync(CancellationToken cancellation) => IsEnabledAsync(cluster.SeenIndex, cancellation);

    /// <summary>The same as of everything that was acknowledged.</summary>
    public async ValueTask<bool> IsEnabledNowAsync(CancellationToken cancellation) =>
        await IsEnabledAsync(await barrier.ReadIndexAsync().ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>A user as of what this gateway has seen; null when there is none.</summary>
    public async ValueTask<V2User?> UserAsync(string name, CancellationToken cancellation) =>
        (await FindUserAsync(name, cluster.SeenIndex, cancellation).ConfigureAwait(false))?.Value;

    /// <summary>A user as of everything that was acknowledged.</summary>
    public async ValueTask<Stored<V2User>?> UserNowAsync(string name, CancellationToken cancellation) =>
        await FindUserAsync(name, await barrier.ReadIndexAsync().ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>A role as of what this gateway has seen; null when there is none.</summary>
    public async ValueTask<V2Role?> RoleAsync(string name, CancellationToken cancellation) => name == V2User.Root
        ? V2Role.Root
        : (await FindRoleAsync(name, cluster.SeenIndex, cancellation).ConfigureAwait(false))?.Value;

    /// <summary>A stored role as of everything that was acknowledged.</summary>
    public async ValueTask<Stored<V2Role>?> RoleNowAsync(string name, CancellationToken cancellation) =>
        await FindRoleAsync(name, await barrier.ReadIndexAsync().ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>The names of all users that are listed, in order.</summary>
    public ValueTask<List<string>> UserNamesAsync(CancellationToken cancellation) => NamesAsync(UsersPath, cancellation);

    /// <summary>The names of all stored roles that are listed, in order.</summary>
    public ValueTask<List<string>> RoleNamesAsync(CancellationToken cancellation) => NamesAsync(RolesPath, cancellation);

    /// <summary>Stores a new user; false when there is one of that name.</summary>
    public Task<bool> TryCreateAsync(V2User user) => TryCreateAsync($"{UsersPath}/{user.Name}", V2AuthJson.Stored(user));

    /// <summary>Stores a changed user; false when another change came first.</summary>
    public Task<bool> TryReplaceAsync(V2User user, ulong index) => TryReplaceAsync($"{UsersPath}/{user.Name}", V2AuthJson.Stored(user), index);

    /// <summary>Stores a new role; false when there is one of that name.</summary>
    public Task<bool> TryCreateAsync(V2Role role) => TryCreateAsync($"{RolesPath}/{role.Name}", V2AuthJson.Stored(role));

    /// <summary>Stores a changed role; false when another change came first.</summary>
    public Task<bool> TryReplaceAsync(V2Role role, ulong index) => TryReplaceAsync($"{RolesPath}/{role.Name}", V2AuthJson.Stored(role), index);

    /// <summary>False when there is none.</summary>
    public Task<bool> TryDeleteUserAsync(string name) => TryDeleteAsync($"{UsersPath}/{name}");

    /// <summary>False when there is none.</summary>
    public Task<bool> TryDeleteRoleAsync(string name) => TryDeleteAsync($"{RolesPath}/{name}");

    /// <summary>Switches; the caller has looked that it is the other way now.</summary>
    public async Task EnableAsync(bool enable)
    {
        await EnsureDirectoriesAsync().ConfigureAwait(false);
        await WriteAsync(V2Write.Types.Operation.Update, EnabledPath, enable ? "true" : "false", index: 0, dir: false).ConfigureAwait(false);
    }

    private async ValueTask<bool> IsEnabledAsync(LogIndex minApplied, CancellationToken cancellation) =>
        await ReadAsync(EnabledPath, minApplied, cancellation).ConfigureAwait(false) is { Value: "true" };

    private async ValueTask<Stored<V2User>?> FindUserAsync(string name, LogIndex minApplied, CancellationToken cancellation) =>
        await ReadAsync($"{UsersPath}/{name}", minApplied, cancellation).ConfigureAwait(false) is { } stored
            ? new Stored<V2User>(V2AuthRequests.ToUser(name, stored.Value), stored.Index)
            : null;

    private async ValueTask<Stored<V2Role>?> FindRoleAsync(string name, LogIndex minApplied, CancellationToken cancellation) =>
        await ReadAsync($"{RolesPath}/{name}", minApplied, cancellation).ConfigureAwait(false) is { } stored
            ? new Stored<V2Role>(V2AuthRequests.ToRole(name, stored.Value), stored.Index)
            : null;

    /// <summary>A file's text; null when it is not there.</summary>
    private async ValueTask<Stored<string>?> ReadAsync(string path, LogIndex minApplied, CancellationToken cancellation)
    {
        if (await ReadNodeAsync(path, minApplied, cancellation).ConfigureAwait(false) is not { } body)
            return null;
        using var document = JsonDocument.Parse(body);
        var node = document.RootElement.GetProperty("node");
        return new Stored<string>(node.GetProperty("value").GetString()!, node.GetProperty("modifiedIndex").GetUInt64());
    }

    private async ValueTask<List<string>> NamesAsync(string directory, CancellationToken cancellation)
    {
        if (await ReadNodeAsync(directory, cluster.SeenIndex, cancellation).ConfigureAwait(false) is not { } body)
            return [];
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("node").TryGetProperty("nodes", out var nodes)
            ? [.. nodes.EnumerateArray().Select(node => node.GetProperty("key").GetString()![(directory.Length + 1)..])]
            : [];
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadNodeAsync(string path, LogIndex minApplied, CancellationToken cancellation)
    {
        var reading = storage.GetV2Async(path, recursive: false, sorted: true, Proposer.UnixNanos(time), minApplied, cancellation);
        var read = await barrier.BoundedAsync(reading, EtcdError.Timeout).ConfigureAwait(false);
        // A role's name may have been given that can be none: it leads through what is no directory.
        if (read is { Error: StorageError.V2, Detail: KeyNotFound or NotADirectory })
            return null;
        RequestFailedException.ThrowIf(EtcdErrors.Of(read.Error));
        return read.Body;
    }

    private async Task<bool> TryCreateAsync(string path, string text)
    {
        await EnsureDirectoriesAsync().ConfigureAwait(false);
        return await WriteAsync(V2Write.Types.Operation.Create, path, text, index: 0, dir: false).ConfigureAwait(false);
    }

    private async Task<bool> TryReplaceAsync(string path, string text, ulong index)
    {
        await EnsureDirectoriesAsync().ConfigureAwait(false);
        return await WriteAsync(V2Write.Types.Operation.CompareAndSwap, path, text, index, dir: false).ConfigureAwait(false);
    }

    private async Task<bool> TryDeleteAsync(string path)
    {
        await EnsureDirectoriesAsync().ConfigureAwait(false);
        return await WriteAsync(V2Write.Types.Operation.Delete, path, "", index: 0, dir: false).ConfigureAwait(false);
    }

    /// <summary>The first change makes them, each at an index of its own, as etcd does.</summary>
    private async ValueTask EnsureDirectoriesAsync()
    {
        if (await ReadAsync(EnabledPath, default, CancellationToken.None).ConfigureAwait(false) is not null)
            return;
        foreach (var directory in (string[])[V2Internal.Root, UsersPath, RolesPath])
            await WriteAsync(V2Write.Types.Operation.Create, directory, "", index: 0, dir: true).ConfigureAwait(false);
        await WriteAsync(V2Write.Types.Operation.Create, EnabledPath, "false", index: 0, dir: false).ConfigureAwait(false);
    }

    /// <summary>False when the node is not as the write needs it.</summary>
    private async Task<bool> WriteAsync(V2Write.Types.Operation operation, string path, string text, ulong index, bool dir)
    {
        var command = new V2Write { Operation = operation, Path = path, Value = ByteString.CopyFromUtf8(text), PrevIndex = index, Dir = dir };
        var result = await proposer.ProposeAsync(CommandKind.V2Write, command.ToByteArray()).ConfigureAwait(false);
        cluster.ObserveV2(result.Revision, result.Index);
        if (result is { Error: StorageError.V2, Detail: KeyNotFound or CompareFailed or KeyExists })
            return false;
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        return true;
    }
}
