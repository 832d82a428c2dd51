using System.Collections.Immutable;
using System.Text;
using EtcdApi.Etcdserverpb;
using EtcdApi.Wire;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Apply;
using Storage.Core.Mvcc;

namespace Storage.Core.Auth;

/// <summary>etcdserverpb.Auth, but for logging in, which changes nothing. Who may do it is decided before. Answers carry everything but their header.</summary>
internal static class AuthCommands
{
    /// <summary>Applies one of them; false when the kind is none.</summary>
    public static bool TryApply(AuthTable auth, CommandKind kind, ReadOnlySpan<byte> request, out Reply reply)
    {
        Reply? made;
        try
        {
            made = Apply(auth, kind, request);
        }
        catch (InvalidProtocolBufferException)
        {
            made = new Reply(StorageError.Malformed);
        }
        reply = made.GetValueOrDefault();
        return made is not null;
    }

    /// <summary>The name in a request about one user or one role.</summary>
    public static bool TryReadName(ReadOnlySpan<byte> request, out string name)
    {
        name = "";
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                name = Encoding.UTF8.GetString(reader.Bytes);
        }
        return !reader.Malformed;
    }

    private static Reply? Apply(AuthTable auth, CommandKind kind, ReadOnlySpan<byte> request) => kind switch
    {
        CommandKind.AuthEnable => Enable(auth, AuthEnableRequest.Parser.ParseFrom(request)),
        CommandKind.AuthDisable => Disable(auth, AuthDisableRequest.Parser.ParseFrom(request)),
        CommandKind.AuthStatus => Status(auth, AuthStatusRequest.Parser.ParseFrom(request)),
        CommandKind.AuthTokenKey => KeepTokenKey(auth, AuthTokenKey.Parser.ParseFrom(request)),
        CommandKind.UserAdd => AddUser(auth, AuthUserAddRequest.Parser.ParseFrom(request)),
        CommandKind.UserGet => GetUser(auth, AuthUserGetRequest.Parser.ParseFrom(request)),
        CommandKind.UserList => ListUsers(auth, AuthUserListRequest.Parser.ParseFrom(request)),
        CommandKind.UserDelete => DeleteUser(auth, AuthUserDeleteRequest.Parser.ParseFrom(request)),
        CommandKind.UserChangePassword => ChangePassword(auth, AuthUserChangePasswordRequest.Parser.ParseFrom(request)),
        CommandKind.UserGrantRole => GrantRole(auth, AuthUserGrantRoleRequest.Parser.ParseFrom(request)),
        CommandKind.UserRevokeRole => RevokeRole(auth, AuthUserRevokeRoleRequest.Parser.ParseFrom(request)),
        CommandKind.RoleAdd => AddRole(auth, AuthRoleAddRequest.Parser.ParseFrom(request)),
        CommandKind.RoleGet => GetRole(auth, AuthRoleGetRequest.Parser.ParseFrom(request)),
        CommandKind.RoleList => ListRoles(auth, AuthRoleListRequest.Parser.ParseFrom(request)),
        CommandKind.RoleDelete => DeleteRole(auth, AuthRoleDeleteRequest.Parser.ParseFrom(request)),
        CommandKind.RoleGrantPermission => GrantPermission(auth, AuthRoleGrantPermissionRequest.Parser.ParseFrom(request)),
        CommandKind.RoleRevokePermission => RevokePermission(auth, AuthRoleRevokePermissionRequest.Parser.ParseFrom(request)),
        _ => null,
    };

    // Requests without fields are read all the same: what is none of them is malformed.
    private static Reply Enable(AuthTable auth, AuthEnableRequest _)
    {
        if (auth.Current.IsEnabled)
            return Reply.Ok;
        if (!auth.Current.Users.TryGetValue(AuthState.Root, out var root))
            return new Reply(StorageError.RootUserMissing);
        if (!root.IsAdministrator)
            return new Reply(StorageError.RootRoleMissing);
        auth.Enable(true);
        return Reply.Ok;
    }

    private static Reply Disable(AuthTable auth, AuthDisableRequest _)
    {
        if (!auth.Current.IsEnabled)
            return Reply.Ok;
        auth.Enable(false);
        return Changed(auth);
    }

    private static Reply Status(AuthTable auth, AuthStatusRequest _) =>
        Answer(new AuthStatusResponse { Enabled = auth.Current.IsEnabled, AuthRevision = auth.Current.Revision });

    private static Reply ListUsers(AuthTable auth, AuthUserListRequest _) => Answer(new AuthUserListResponse { Users = { auth.Current.Users.Keys } });

    private static Reply ListRoles(AuthTable auth, AuthRoleListRequest _) => Answer(new AuthRoleListResponse { Roles = { auth.Current.Roles.Keys } });

    // Of several gateways that bring one, the first in the log is kept; it is of use only while users log in.
    private static Reply KeepTokenKey(AuthTable auth, AuthTokenKey proposed)
    {
        if (auth.Current is { IsEnabled: true, TokenKey.IsEmpty: true })
            auth.SetTokenKey(proposed.Key.ToByteArray());
        return Reply.Ok;
    }

    private static Reply AddUser(AuthTable auth, AuthUserAddRequest request)
    {
        if (request.Name.Length == 0)
            return new Reply(StorageError.UserNameEmpty);
        if (auth.Current.Users.ContainsKey(request.Name))
            return new Reply(StorageError.UserExists);
        var hasNoPassword = request.Options?.NoPassword == true;
        var hash = ReadOnlyMemory<byte>.Empty;
        if (!IsStorable(request.Name) || (!hasNoPassword && !TryReadHash(request.HashedPassword, out hash)))
            return new Reply(StorageError.InvalidAuthManagement);
        return auth.TrySet(new AuthUser(request.Name, hash, hasNoPassword, [])) ? Changed(auth) : new Reply(StorageError.NoSpace);
    }

    private static Reply GetUser(AuthTable auth, AuthUserGetRequest request) => auth.Current.Users.TryGetValue(request.Name, out var user)
        ? Answer(new AuthUserGetResponse { Roles = { user.Roles } })
        : new Reply(StorageError.UserNotFound);

    private static Reply DeleteUser(AuthTable auth, AuthUserDeleteRequest request)
    {
        if (auth.Current.IsEnabled && request.Name == AuthState.Root)
            return new Reply(StorageError.InvalidAuthManagement);
        if (!auth.Current.Users.ContainsKey(request.Name))
            return new Reply(StorageError.UserNotFound);
        auth.RemoveUser(request.Name);
        return Changed(auth);
    }

    private static Reply ChangePassword(AuthTable auth, AuthUserChangePasswordRequest request)
    {
        if (!auth.Current.Users.TryGetValue(request.Name, out var user))
            return new Reply(StorageError.UserNotFound);
        var hash = ReadOnlyMemory<byte>.Empty;
        // A user that was made without a password stays so, and is told nothing of it.
        if (!user.HasNoPassword && !TryReadHash(request.HashedPassword, out hash))
            return new Reply(StorageError.InvalidAuthManagement);
        return Set(auth, user with { PasswordHash = hash });
    }

    private static Reply GrantRole(AuthTable auth, AuthUserGrantRoleRequest request)
    {
        if (!auth.Current.Users.TryGetValue(request.User, out var user))
            return new Reply(StorageError.UserNotFound);
        // Role root need not exist to be had.
        if (request.Role != AuthState.Root && !auth.Current.Roles.ContainsKey(request.Role))
            return new Reply(StorageError.RoleNotFound);
        if (user.Roles.Contains(request.Role))
            return Reply.Ok;
        return Set(auth, user with { Roles = [.. user.Roles.Append(request.Role).Order(StringComparer.Ordinal)] });
    }

    private static Reply RevokeRole(AuthTable auth, AuthUserRevokeRoleRequest request)
    {
        if (auth.Current.IsEnabled && request.Name == AuthState.Root && request.Role == AuthState.Root)
            return new Reply(StorageError.InvalidAuthManagement);
        if (!auth.Current.Users.TryGetValue(request.Name, out var user))
            return new Reply(StorageError.UserNotFound);
        return user.Roles.Contains(request.Role)
            ? Set(auth, user with { Roles = user.Roles.Remove(request.Role) })
            : new Reply(StorageError.RoleNotGranted);
    }

    private static Reply AddRole(AuthTable auth, AuthRoleAddRequest request)
    {
        if (request.Name.Length == 0)
            return new Reply(StorageError.RoleNameEmpty);
        if (auth.Current.Roles.ContainsKey(request.Name))
            return new Reply(StorageError.RoleExists);
        return IsStorable(request.Name) ? Set(auth, new AuthRole(request.Name, [])) : new Reply(StorageError.InvalidAuthManagement);
    }

    private static Reply GetRole(AuthTable auth, AuthRoleGetRequest request)
    {
        if (!auth.Current.Roles.TryGetValue(request.Role, out var role))
            return new Reply(StorageError.RoleNotFound);
        var answer = new AuthRoleGetResponse();
        answer.Perm.AddRange(role.Permissions.Select(static permission => permission.ToMessage()));
        return Answer(answer);
    }

    private static Reply DeleteRole(AuthTable auth, AuthRoleDeleteRequest request)
    {
        if (auth.Current.IsEnabled && request.Role == AuthState.Root)
            return new Reply(StorageError.InvalidAuthManagement);
        if (!auth.Current.Roles.ContainsKey(request.Role))
            return new Reply(StorageError.RoleNotFound);
        auth.RemoveRole(request.Role);
        foreach (var user in auth.Current.Users.Values)
        {
            // A shorter record cannot be too long.
            if (user.Roles.Contains(request.Role))
                Invariant.Holds(auth.TrySet(user with { Roles = user.Roles.Remove(request.Role) }));
        }
        return Changed(auth);
    }

    private static Reply GrantPermission(AuthTable auth, AuthRoleGrantPermissionRequest request)
    {
        if (request.Perm is null)
            return new Reply(StorageError.PermissionNotGiven);
        var permission = AuthPermission.Of(request.Perm);
        if (!IsRange(permission))
            return new Reply(StorageError.InvalidAuthManagement);
        if (!auth.Current.Roles.TryGetValue(request.Name, out var role))
            return new Reply(StorageError.RoleNotFound);
        return Set(auth, role with { Permissions = With(role.Permissions, permission) });
    }

    // As etcd does it: only the first permission of a key is replaced, when its range_end is the same. Others are added, twice if granted twice.
    private static ImmutableArray<AuthPermission> With(ImmutableArray<AuthPermission> permissions, AuthPermission added)
    {
        var at = 0;
        while (at < permissions.Length && permissions[at].Key.Span.SequenceCompareTo(added.Key.Span) < 0)
            at++;
        if (at < permissions.Length && permissions[at].IsOn(added.Key.Span, added.RangeEnd.Span))
            return permissions.SetItem(at, added);
        while (at < permissions.Length && permissions[at].Key.Span.SequenceEqual(added.Key.Span))
            at++;
        return permissions.Insert(at, added);
    }

    private static Reply RevokePermission(AuthTable auth, AuthRoleRevokePermissionRequest request)
    {
        if (!auth.Current.Roles.TryGetValue(request.Role, out var role))
            return new Reply(StorageError.RoleNotFound);
        var left = role.Permissions.RemoveAll(permission => permission.IsOn(request.Key.Span, request.RangeEnd.Span));
        return left.Length == role.Permissions.Length ? new Reply(StorageError.PermissionNotGranted) : Set(auth, role with { Permissions = left });
    }

    private static bool IsRange(AuthPermission permission)
    {
        var range = new KeyRange(permission.Key.Span, permission.RangeEnd.Span);
        return !range.Key.IsEmpty && (range.IsSingle || range.IsOpen || range.Key.SequenceCompareTo(range.End) < 0);
    }

    private static bool IsStorable(string name) => Encoding.UTF8.GetByteCount(name) <= AuthTable.MaxNameBytes;

    private static bool TryReadHash(string base64, out ReadOnlyMemory<byte> hash)
    {
        var bytes = new byte[(base64.Length / 4 * 3) + 3];
        var isBase64 = Convert.TryFromBase64String(base64, bytes, out var written);
        hash = bytes.AsMemory(0, written);
        return isBase64;
    }

    private static Reply Set(AuthTable auth, AuthUser user) => auth.TrySet(user) ? Changed(auth) : new Reply(StorageError.NoSpace);

    private static Reply Set(AuthTable auth, AuthRole role) => auth.TrySet(role) ? Changed(auth) : new Reply(StorageError.NoSpace);

    private static Reply Changed(AuthTable auth)
    {
        auth.CountChange();
        return Reply.Ok;
    }

    private static Reply Answer(IMessage answer) => new(StorageError.None, answer.ToByteArray());
}
