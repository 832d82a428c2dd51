using System.Buffers.Binary;

namespace Storage.Core.Bolt;

/// <summary>
/// What a meta page says. It follows the page's header:
/// <code>
///  0 u32 magic | 4 u32 version | 8 u32 page size | 12 u32 flags | 16 u64 root bucket's page | 24 u64 its sequence
/// 32 u64 freelist's page | 40 u64 pages of the file | 48 u64 transaction | 56 u64 FNV-1a of all before it
/// </code>
/// Of the two meta pages the valid one with the later transaction counts.
/// </summary>
internal readonly record struct BoltMeta(int PageBytes, ulong Root, ulong Freelist, ulong PageCount, ulong Transaction)
{
    /// <summary>Length, without the page's header.</summary>
    public const int Bytes = 64;

    private const uint Magic = 0xED0CDAED, Version = 2;
    private const int ChecksumAt = 56;
    private const int MinPageBytes = 1024, MaxPageBytes = 65536;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], (uint)PageBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], Root);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Freelist);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], PageCount);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], Transaction);
        BinaryPrimitives.WriteUInt64LittleEndian(target[ChecksumAt..], Checksum(target[..ChecksumAt]));
    }

    /// <summary>False when the bytes are no valid meta of this version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out BoltMeta meta)
    {
        meta = default;
        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[4..]) != Version
            || BinaryPrimitives.ReadUInt64LittleEndian(source[ChecksumAt..]) != Checksum(source[..ChecksumAt]))
        {
            return false;
        }
        var pageBytes = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]);
        if (pageBytes is < MinPageBytes or > MaxPageBytes || !uint.IsPow2(pageBytes))
            return false;
        meta = new BoltMeta(
            (int)pageBytes,
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]));
        return true;
    }

    // FNV-1a, 64 bits.
    private static ulong Checksum(ReadOnlySpan<byte> bytes)
    {
        var hash = 0xcbf29ce484222325;
        foreach (var one in bytes)
            hash = (hash ^ one) * 0x100000001b3;
        return hash;
    }
}
