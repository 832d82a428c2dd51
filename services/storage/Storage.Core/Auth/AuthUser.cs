using System.Collections.Immutable;
using EtcdApi.Authpb;
using Google.Protobuf;

namespace Storage.Core.Auth;

/// <summary>A user. Immutable.</summary>
/// <param name="Name">Not empty.</param>
/// <param name="PasswordHash">bcrypt, as text; empty: none.</param>
/// <param name="HasNoPassword">It was made to have none.</param>
/// <param name="Roles">Sorted.</param>
public sealed record AuthUser(string Name, ReadOnlyMemory<byte> PasswordHash, bool HasNoPassword, ImmutableArray<string> Roles)
{
    /// <summary>It may do everything.</summary>
    public bool IsAdministrator => Roles.Contains(AuthState.Root);

    /// <summary>As etcd stores it: authpb.User.</summary>
    internal byte[] Encode()
    {
        var record = new User
        {
            Name = ByteString.CopyFromUtf8(Name),
            Password = UnsafeByteOperations.UnsafeWrap(PasswordHash),
            Options = new UserAddOptions { NoPassword = HasNoPassword },
        };
        record.Roles.AddRange(Roles);
        return record.ToByteArray();
    }

    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static AuthUser Decode(string name, ReadOnlySpan<byte> record)
    {
        try
        {
            var user = User.Parser.ParseFrom(record);
            return new AuthUser(
                name, user.Password.Memory, user.Options?.NoPassword == true, [.. user.Roles.Order(StringComparer.Ordinal)]);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"the record of user {name} cannot be read");
        }
    }
}
