using System.Buffers.Binary;
using System.Text;
using Storage.Core.Database;
using Storage.Core.Tree;

namespace Storage.Core.Auth;

/// <summary>
/// The authentication state, and its rows in the tree: those of etcd, and the key of the tokens, which a database that leaves the cluster does not have. Single
/// owner; <see cref="Current"/> may be handed to any thread.
/// </summary>
public sealed class AuthTable(ITree tree)
{
    /// <summary>Longest name of a user or a role in bytes of UTF-8.</summary>
    public const int MaxNameBytes = CopyOnWriteTree.MaxKeyBytes;

    /// <summary>Longest record of a user or a role in bytes.</summary>
    public const int MaxRecordBytes = CopyOnWriteTree.MaxValueBytes;

    private static ReadOnlySpan<byte> TokenKeyName => "auth token key"u8;

    /// <summary>Replaced, never changed.</summary>
    public AuthState Current { get; private set; } = AuthState.Initial;

    /// <summary>Switches on or off. Off: what signed the tokens of until now is forgotten, and so are they.</summary>
    public void Enable(bool enabled)
    {
        tree.Put(TableId.Auth, BucketNames.AuthEnabled, [enabled ? (byte)1 : (byte)0]);
        // etcd's file has a revision whenever it has anything.
        SaveRevision(Current.Revision);
        if (!enabled)
            tree.Delete(TableId.Meta, TokenKeyName);
        Current = Current with { IsEnabled = enabled, TokenKey = enabled ? Current.TokenKey : default };
    }

    public void SetTokenKey(byte[] key)
    {
        tree.Put(TableId.Meta, TokenKeyName, key);
        Current = Current with { TokenKey = key };
    }

    /// <summary>Ends a change of users or roles.</summary>
    public void CountChange()
    {
        Current = Current with { Revision = Current.Revision + 1 };
        SaveRevision(Current.Revision);
    }

    /// <summary>False when the record would be too long, and nothing is changed.</summary>
    public bool TrySet(AuthUser user)
    {
        var record = user.Encode();
        if (record.Length > MaxRecordBytes)
            return false;
        tree.Put(TableId.AuthUsers, Encoding.UTF8.GetBytes(user.Name), record);
        Current = Current with { Users = Current.Users.SetItem(user.Name, user) };
        return true;
    }

    /// <inheritdoc cref="TrySet(AuthUser)"/>
    public bool TrySet(AuthRole role)
    {
        var record = role.Encode();
        if (record.Length > MaxRecordBytes)
            return false;
        tree.Put(TableId.AuthRoles, Encoding.UTF8.GetBytes(role.Name), record);
        Current = Current with { Roles = Current.Roles.SetItem(role.Name, role) };
        return true;
    }

    public void RemoveUser(string name)
    {
        tree.Delete(TableId.AuthUsers, Encoding.UTF8.GetBytes(name));
        Current = Current with { Users = Current.Users.Remove(name) };
    }

    public void RemoveRole(string name)
    {
        tree.Delete(TableId.AuthRoles, Encoding.UTF8.GetBytes(name));
        Current = Current with { Roles = Current.Roles.Remove(name) };
    }

    /// <summary>Takes over what is stored, at start.</summary>
    /// <exception cref="InvalidDataException">A row that is no record of etcd's.</exception>
    public void Load(ITreeSnapshot snapshot)
    {
        var users = Current.Users.ToBuilder();
        for (var row = snapshot.Seek(TableId.AuthUsers, []); row.MoveNext();)
        {
            var user = AuthUser.Decode(Encoding.UTF8.GetString(row.Key), row.Value);
            users[user.Name] = user;
        }
        var roles = Current.Roles.ToBuilder();
        for (var row = snapshot.Seek(TableId.AuthRoles, []); row.MoveNext();)
        {
            var role = AuthRole.Decode(Encoding.UTF8.GetString(row.Key), row.Value);
            roles[role.Name] = role;
        }
        Current = Current with
        {
            IsEnabled = snapshot.TryGet(TableId.Auth, BucketNames.AuthEnabled, out var enabled) && enabled is [1],
            // 0 is none: etcd begins to count at 1.
            Revision = snapshot.TryGet(TableId.Auth, BucketNames.AuthRevision, out var revision) && revision.Length == sizeof(ulong)
                ? Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(revision))
                : AuthState.Initial.Revision,
            TokenKey = snapshot.TryGet(TableId.Meta, TokenKeyName, out var key) ? key.ToArray() : default(ReadOnlyMemory<byte>),
            Users = users.ToImmutable(),
            Roles = roles.ToImmutable(),
        };
    }

    private void SaveRevision(ulong revision)
    {
        Span<byte> record = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(record, revision);
        tree.Put(TableId.Auth, BucketNames.AuthRevision, record);
    }
}
