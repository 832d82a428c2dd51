using System.Collections.Concurrent;
using System.Collections.Immutable;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Core.Mvcc;

namespace Storage.Core.Auth;

/// <summary>Users, roles, and what they may do, at one moment. Immutable; for any thread.</summary>
public sealed record AuthState
{
    /// <summary>Name of the user that must exist, and of the role that allows everything.</summary>
    public const string Root = "root";

    // What each user may do, made when it first asks.
    private readonly ConcurrentDictionary<string, RangePermissions> _permissions;

    private AuthState() => _permissions = NoPermissions();

    // Made anew by every change: what was known of permissions is not taken along.
    private AuthState(AuthState before)
    {
        _permissions = NoPermissions();
        (IsEnabled, Revision, TokenKey, Users, Roles) = (before.IsEnabled, before.Revision, before.TokenKey, before.Users, before.Roles);
    }

    public static AuthState Initial { get; } = new();

    /// <summary>Users have to log in.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>Counts the changes of users and roles.</summary>
    public ulong Revision { get; init; } = 1;

    /// <summary>With which gateways sign simple tokens; empty: there is none.</summary>
    public ReadOnlyMemory<byte> TokenKey { get; init; }

    public ImmutableSortedDictionary<string, AuthUser> Users { get; init; } = ImmutableSortedDictionary.Create<string, AuthUser>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, AuthRole> Roles { get; init; } = ImmutableSortedDictionary.Create<string, AuthRole>(StringComparer.Ordinal);

    /// <summary>What a gateway has to know of a user.</summary>
    internal AuthStatus StatusOf(string user, LogIndex appliedIndex, Term appliedTerm, long storeRevision) => new(
        IsEnabled, Revision, TokenKey,
        Users.TryGetValue(user, out var found) ? new AuthStatus.Account(found.PasswordHash, found.HasNoPassword) : null,
        appliedIndex, appliedTerm, storeRevision);

    /// <summary>Refuses whoever is no user.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="user">Who that is; null when nothing is demanded.</param>
    public StorageError Identify(in Caller caller, out AuthUser? user)
    {
        user = null;
        if (!IsEnabled || caller.Kind == CallerKind.Internal)
            return StorageError.None;
        if (caller.Kind == CallerKind.Anonymous || caller.User!.Length == 0)
            return StorageError.UserEmpty;
        if (caller.AuthRevision < Revision)
            return StorageError.AuthRevisionOld;
        return Users.TryGetValue(caller.User, out user) ? StorageError.None : StorageError.PermissionDenied;
    }

    /// <summary>Refuses whoever lacks the role root.</summary>
    public StorageError CheckAdmin(in Caller caller)
    {
        var error = Identify(caller, out var user);
        return error == StorageError.None && user is { IsAdministrator: false } ? StorageError.PermissionDenied : error;
    }

    /// <summary>Refuses whoever may not read, or write, the whole range.</summary>
    public StorageError CheckKeys(in Caller caller, in KeyRange range, bool write)
    {
        var error = Identify(caller, out var user);
        if (error != StorageError.None || user is null || user.IsAdministrator)
            return error;
        return PermissionsOf(user).Allow(range, write) ? StorageError.None : StorageError.PermissionDenied;
    }

    private static ConcurrentDictionary<string, RangePermissions> NoPermissions() => new(StringComparer.Ordinal);

    private RangePermissions PermissionsOf(AuthUser user) => _permissions.GetOrAdd(
        user.Name,
        static (_, of) => new RangePermissions(
            of.user.Roles.SelectMany(role => of.state.Roles.TryGetValue(role, out var found) ? found.Permissions : [])),
        (user, state: this));
}
