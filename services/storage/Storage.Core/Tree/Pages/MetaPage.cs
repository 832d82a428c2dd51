using System.Buffers.Binary;

namespace Storage.Core.Tree.Pages;

/// <summary>
/// The root of everything as of one commit. Commit n goes to page n mod 2, so a torn write leaves the commit before it.
/// <code>
///  32 u64 magic            40 u32 format version   44 u32 page size     48 u64 page count
///  56 u64 unused pages     64 u32 extent pages     68 u32 directories
///  72 64 x u64 table roots (0: empty table)       584 up to 439 x u64 pages of the free directory
/// </code>
/// Magic, version and the checksum of the page header keep their places in every format version to come.
/// </summary>
internal sealed class MetaPage
{
    public const int MaxTables = 64;
    public const int MaxDirectories = (PageFormat.PageBytes - DirectoriesAt) / sizeof(long);
    /// <summary>2: overflow references may have a head. Files of version 1 are read, and become version 2 with the first commit.</summary>
    public const uint FormatVersion = 2;

    // "DKVTREE1" read as a little-endian number.
    private const ulong Magic = 0x3145_4552_5456_4B44;
    private const int MagicAt = 32;
    private const int VersionAt = 40;
    private const int PageSizeAt = 44;
    private const int PageCountAt = 48;
    private const int UnusedAt = 56;
    private const int ExtentAt = 64;
    private const int DirectoryCountAt = 68;
    private const int RootsAt = 72;
    private const int DirectoriesAt = RootsAt + MaxTables * sizeof(long);

    public required long Txn { get; init; }

    /// <summary>Pages in use or known as unused; the file may be longer.</summary>
    public required long PageCount { get; init; }

    public required long UnusedPages { get; init; }

    /// <summary>No overflow run crosses a multiple of this.</summary>
    public required int ExtentPages { get; init; }

    /// <summary>By table number; 0 for an empty table.</summary>
    public required long[] Roots { get; init; }

    /// <summary>Pages of the free directory.</summary>
    public required long[] Directories { get; init; }

    public long Slot => SlotOf(Txn);

    public static long SlotOf(long txn) => txn & 1;

    /// <summary>Writes the whole page, checksum included.</summary>
    public void WriteTo(Span<byte> page)
    {
        page.Clear();
        PageFormat.SetType(page, PageType.Meta);
        PageFormat.SetOwner(page, Slot, Txn);
        BinaryPrimitives.WriteUInt64LittleEndian(page[MagicAt..], Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(page[VersionAt..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(page[PageSizeAt..], PageFormat.PageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(page[PageCountAt..], PageCount);
        BinaryPrimitives.WriteInt64LittleEndian(page[UnusedAt..], UnusedPages);
        BinaryPrimitives.WriteInt32LittleEndian(page[ExtentAt..], ExtentPages);
        BinaryPrimitives.WriteInt32LittleEndian(page[DirectoryCountAt..], Directories.Length);
        WriteAll(page[RootsAt..], Roots);
        WriteAll(page[DirectoriesAt..], Directories);
        PageFormat.WriteChecksum(page);
    }

    /// <summary>Reads a meta page; says what it is when it cannot be used.</summary>
    public static MetaPageState Read(ReadOnlySpan<byte> page, long slot, out MetaPage? meta)
    {
        meta = null;
        if (!page.ContainsAnyExcept((byte)0))
            return MetaPageState.Blank;
        if (BinaryPrimitives.ReadUInt64LittleEndian(page[MagicAt..]) != Magic)
            return MetaPageState.Foreign;
        var isNewer = BinaryPrimitives.ReadUInt32LittleEndian(page[VersionAt..]) > FormatVersion;
        if (!PageFormat.IsChecksumValid(page))
            return isNewer ? MetaPageState.NewerDamaged : MetaPageState.Damaged;
        if (isNewer)
            return MetaPageState.Newer;

        var txn = PageFormat.Txn(page);
        var directories = BinaryPrimitives.ReadInt32LittleEndian(page[DirectoryCountAt..]);
        if (PageFormat.FindFault(page, slot, txn) is not null || SlotOf(txn) != slot
            || PageFormat.Type(page) != PageType.Meta
            || BinaryPrimitives.ReadUInt32LittleEndian(page[PageSizeAt..]) != PageFormat.PageBytes
            || directories is < 0 or > MaxDirectories)
            return MetaPageState.Damaged;
        meta = new MetaPage
        {
            Txn = txn,
            PageCount = BinaryPrimitives.ReadInt64LittleEndian(page[PageCountAt..]),
            UnusedPages = BinaryPrimitives.ReadInt64LittleEndian(page[UnusedAt..]),
            ExtentPages = BinaryPrimitives.ReadInt32LittleEndian(page[ExtentAt..]),
            Roots = ReadAll(page[RootsAt..], MaxTables),
            Directories = ReadAll(page[DirectoriesAt..], directories),
        };
        return MetaPageState.Valid;
    }

    private static void WriteAll(Span<byte> target, long[] values)
    {
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(target[(sizeof(long) * i)..], values[i]);
    }

    private static long[] ReadAll(ReadOnlySpan<byte> source, int count)
    {
        var values = new long[count];
        for (var i = 0; i < count; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(source[(sizeof(long) * i)..]);
        return values;
    }
}
