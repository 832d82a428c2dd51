using System.Collections.Immutable;
using EtcdApi.Authpb;
using Google.Protobuf;

namespace Storage.Core.Auth;

/// <summary>A role. Immutable.</summary>
/// <param name="Name">Not empty.</param>
/// <param name="Permissions">Sorted by key.</param>
public sealed record AuthRole(string Name, ImmutableArray<AuthPermission> Permissions)
{
    /// <summary>As etcd stores it: authpb.Role.</summary>
    internal byte[] Encode()
    {
        var record = new Role { Name = ByteString.CopyFromUtf8(Name) };
        record.KeyPermission.AddRange(Permissions.Select(static permission => permission.ToMessage()));
        return record.ToByteArray();
    }

    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static AuthRole Decode(string name, ReadOnlySpan<byte> record)
    {
        try
        {
            return new AuthRole(name, [.. Role.Parser.ParseFrom(record).KeyPermission.Select(AuthPermission.Of)]);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"the record of role {name} cannot be read");
        }
    }
}

/// <summary>What a role allows on a range of keys.</summary>
/// <param name="Type">authpb.Permission.Type; other numbers allow nothing.</param>
/// <param name="Key">etcd's key.</param>
/// <param name="RangeEnd">etcd's range_end.</param>
public sealed record AuthPermission(int Type, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> RangeEnd)
{
    public bool AllowsRead => Type is (int)Permission.Types.Type.Read or (int)Permission.Types.Type.Readwrite;

    public bool AllowsWrite => Type is (int)Permission.Types.Type.Write or (int)Permission.Types.Type.Readwrite;

    internal bool IsOn(ReadOnlySpan<byte> key, ReadOnlySpan<byte> rangeEnd) => Key.Span.SequenceEqual(key) && RangeEnd.Span.SequenceEqual(rangeEnd);

    internal Permission ToMessage() => new()
    {
        PermType = (Permission.Types.Type)Type,
        Key = UnsafeByteOperations.UnsafeWrap(Key),
        RangeEnd = UnsafeByteOperations.UnsafeWrap(RangeEnd),
    };

    internal static AuthPermission Of(Permission message) => new((int)message.PermType, message.Key.Memory, message.RangeEnd.Memory);
}
