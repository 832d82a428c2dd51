using Consensus.Contracts;
using Google.Protobuf;
using Storage.Contracts.Auth;

namespace Storage.Client;

/// <summary>Callers and what they ask for to wire messages and back.</summary>
public static class AuthWireFormat
{
    /// <summary>Null for the cluster itself.</summary>
    public static Wire.Caller? ToWire(this in Caller caller) => caller.Kind switch
    {
        CallerKind.Internal => null,
        CallerKind.Anonymous => new Wire.Caller(),
        _ => new Wire.Caller { User = caller.User, AuthRevision = caller.AuthRevision },
    };

    public static Caller FromWire(this Wire.Caller? caller) =>
        caller is null ? Caller.Internal : caller.HasUser ? Caller.Of(caller.User, caller.AuthRevision) : Caller.Anonymous;

    public static Wire.Access ToWire(this AccessRequest request)
    {
        var wire = new Wire.Access { Kind = (uint)request.Kind, Write = request.IsWrite, Lease = request.Lease };
        foreach (var (key, rangeEnd) in request.Ranges)
            wire.Ranges.Add(new Wire.AccessRange { Key = UnsafeByteOperations.UnsafeWrap(key), RangeEnd = UnsafeByteOperations.UnsafeWrap(rangeEnd) });
        return wire;
    }

    public static AccessRequest FromWire(this Wire.Access wire) => new((AccessKind)wire.Kind, wire.Write)
    {
        Lease = wire.Lease,
        Ranges = [.. wire.Ranges.Select(static range => (range.Key.Memory, range.RangeEnd.Memory))],
    };

    public static Wire.AuthResponse ToWire(this AuthStatus status) => new()
    {
        Enabled = status.IsEnabled,
        Revision = status.Revision,
        TokenKey = UnsafeByteOperations.UnsafeWrap(status.TokenKey),
        User = status.User is { } user
            ? new Wire.AuthUser { PasswordHash = UnsafeByteOperations.UnsafeWrap(user.PasswordHash), NoPassword = user.HasNoPassword }
            : null,
        AppliedIndex = status.AppliedIndex.Value,
        AppliedTerm = status.AppliedTerm.Value,
        StoreRevision = status.StoreRevision,
    };

    public static AuthStatus FromWire(this Wire.AuthResponse wire) => new(
        wire.Enabled, wire.Revision, wire.TokenKey.Memory,
        wire.User is { } user ? new AuthStatus.Account(user.PasswordHash.Memory, user.NoPassword) : null,
        new LogIndex(wire.AppliedIndex), new Term(wire.AppliedTerm), wire.StoreRevision);
}
