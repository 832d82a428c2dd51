namespace Storage.Tree.Tests;

/// <summary>One call that a <see cref="SimulatedDisk"/> got: a write (data), a change of length (no data) or a sync.</summary>
internal sealed record DiskOperation(long Offset, byte[]? Data, bool IsSync)
{
    public bool IsWrite => Data is not null;

    public static DiskOperation Write(long offset, ReadOnlySpan<byte> data) => new(offset, data.ToArray(), false);

    public static DiskOperation SetLength(long length) => new(length, null, false);

    public static DiskOperation Sync() => new(0, null, true);
}
