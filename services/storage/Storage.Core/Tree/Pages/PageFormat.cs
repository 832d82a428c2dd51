using System.Buffers.Binary;
using System.IO.Hashing;

namespace Storage.Core.Tree.Pages;

/// <summary>
/// The 32 bytes that every page begins with, all little-endian, and the checks made on a page that comes from disk.
/// <code>
///  0  u64 checksum   XXH3 of everything behind it, unused bytes included
///  8  u64 page       own number: a page written to the wrong place is noticed
/// 16  u64 txn        the commit that wrote it: never newer than the root it is reached from
/// 24  u8  type
/// 25  u8  level      nodes: 0 for a leaf
/// 26  u16 count      nodes: cells
/// 28  u32 extra      nodes: heap start and dead bytes; overflow: pages of the run; free map: its index
/// </code>
/// </summary>
internal static class PageFormat
{
    public const int PageBytes = 4096;
    public const int HeaderBytes = 32;
    public const int LevelAt = 25;
    public const int CountAt = 26;
    public const int ExtraAt = 28;

    /// <summary>Pages 0 and 1 are the meta pages.</summary>
    public const long FirstDataPage = 2;

    private const int PageAt = 8;
    private const int TxnAt = 16;
    private const int TypeAt = 24;

    public static PageType Type(ReadOnlySpan<byte> page) => (PageType)page[TypeAt];

    public static int Level(ReadOnlySpan<byte> page) => page[LevelAt];

    public static long Txn(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadInt64LittleEndian(page[TxnAt..]);

    public static uint Extra(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt32LittleEndian(page[ExtraAt..]);

    public static void SetExtra(Span<byte> page, uint extra) => BinaryPrimitives.WriteUInt32LittleEndian(page[ExtraAt..], extra);

    public static void SetType(Span<byte> page, PageType type) => page[TypeAt] = (byte)type;

    /// <summary>Says whose page this is; the rest of the header stays.</summary>
    public static void SetOwner(Span<byte> page, long number, long txn)
    {
        BinaryPrimitives.WriteInt64LittleEndian(page[PageAt..], number);
        BinaryPrimitives.WriteInt64LittleEndian(page[TxnAt..], txn);
    }

    /// <summary>Writes the checksum: the last step before a page, or a run of pages, goes to disk.</summary>
    public static void WriteChecksum(Span<byte> run) =>
        BinaryPrimitives.WriteUInt64LittleEndian(run, XxHash3.HashToUInt64(run[sizeof(ulong)..]));

    public static bool IsChecksumValid(ReadOnlySpan<byte> run) =>
        BinaryPrimitives.ReadUInt64LittleEndian(run) == XxHash3.HashToUInt64(run[sizeof(ulong)..]);

    /// <summary>What is wrong with a page, or a run of pages, read from disk; null when it is the one that was written there.</summary>
    public static string? FindFault(ReadOnlySpan<byte> run, long number, long newestTxn)
    {
        if (!IsChecksumValid(run))
            return "checksum mismatch";
        var own = BinaryPrimitives.ReadInt64LittleEndian(run[PageAt..]);
        if (own != number)
            return $"holds page {own}";
        // A root of commit n reaches nothing newer: such a page was reused, so the root is a stale one.
        return Txn(run) > newestTxn ? $"written by commit {Txn(run)}, reached from commit {newestTxn}" : null;
    }

    /// <summary>Pages that a value of this length takes as an overflow run.</summary>
    public static int RunPages(int valueBytes) => (int)((HeaderBytes + (long)valueBytes + PageBytes - 1) / PageBytes);
}
