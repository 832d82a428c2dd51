namespace Storage.Contracts.Auth;

/// <summary>What somebody asks to be allowed to do.</summary>
public enum AccessKind : byte
{
    /// <summary>What every user may.</summary>
    User = 0,

    /// <summary>What takes the role root.</summary>
    Admin = 1,

    /// <summary>Read or write the given ranges.</summary>
    Ranges = 2,

    /// <summary>Read or write every key that is attached to the given lease; any user, when there is no such lease.</summary>
    Lease = 3,

    /// <summary>Read or write every key that is attached to any lease.</summary>
    AllLeases = 4,
}

/// <summary>A question about permissions, without anything being done.</summary>
/// <param name="Kind">What about.</param>
/// <param name="IsWrite">Whether it is to be written; otherwise read.</param>
public sealed record AccessRequest(AccessKind Kind, bool IsWrite = false)
{
    /// <summary>etcd's key and range_end, of <see cref="AccessKind.Ranges"/>.</summary>
    public IReadOnlyList<(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> RangeEnd)> Ranges { get; init; } = [];

    /// <summary>Of <see cref="AccessKind.Lease"/>.</summary>
    public long Lease { get; init; }

    public static AccessRequest AnyUser { get; } = new(AccessKind.User);

    public static AccessRequest Admin { get; } = new(AccessKind.Admin);
}
