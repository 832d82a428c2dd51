using Storage.Core.Tree.Pages;

namespace Storage.Core.Tree;

/// <summary>Finds the meta page to open a file at, and formats an empty file.</summary>
internal static class DataFile
{
    /// <summary>Length of a formatted, empty file.</summary>
    public const int InitialBytes = 64 * 1024;

    /// <summary>The newest commit of the file.</summary>
    public static MetaPage Open(IPageDevice device)
    {
        if (IsBlank(device))
            Format(device);
        var meta = FindNewest(device);
        var extentBytes = (long)meta.ExtentPages * PageFormat.PageBytes;
        if (meta.ExtentPages <= 0 || device.ExtentBytes % extentBytes != 0)
            throw new DataFileException(
                $"the data file is laid out in extents of {extentBytes} bytes, which extents of {device.ExtentBytes} bytes cannot map");
        if (meta.PageCount > device.Length / PageFormat.PageBytes)
            throw new DataFileException(
                $"the data file was cut short: {meta.PageCount} pages are expected, {device.Length / PageFormat.PageBytes} are there", isDamage: true);

        // The process that wrote this meta page may have died between writing and syncing it. The next commit overwrites the other one,
        // so this one must be durable first. Writing the same bytes again cannot tear.
        device.Write(meta.Slot * PageFormat.PageBytes, device.Read(meta.Slot * PageFormat.PageBytes, PageFormat.PageBytes).ToArray());
        device.Sync();
        return meta;
    }

    /// <summary>The newest valid meta page.</summary>
    /// <exception cref="DataFileException">There is none, or one is of a newer format.</exception>
    public static MetaPage FindNewest(IPageDevice device)
    {
        if (device.Length < PageFormat.FirstDataPage * PageFormat.PageBytes)
            throw new DataFileException("the file is too short to be a data file");
        var first = MetaPage.Read(device.Read(0, PageFormat.PageBytes), 0, out var even);
        var second = MetaPage.Read(device.Read(PageFormat.PageBytes, PageFormat.PageBytes), 1, out var odd);
        if (first == MetaPageState.Newer || second == MetaPageState.Newer)
            throw new DataFileException("the data file was written by a newer version of this program");
        if (even is not null && odd is not null)
            return even.Txn > odd.Txn ? even : odd;
        if ((even ?? odd) is { } only)
            return only;
        throw (first, second) switch
        {
            (MetaPageState.NewerDamaged, _) or (_, MetaPageState.NewerDamaged) =>
                new DataFileException("the data file was written by a newer version of this program, or both of its meta pages are damaged"),
            (MetaPageState.Damaged, _) or (_, MetaPageState.Damaged) or (MetaPageState.Blank, MetaPageState.Blank) =>
                new DataFileException("both meta pages of the data file are damaged", isDamage: true),
            _ => new DataFileException("the file is not a data file of this program"),
        };
    }

    /// <summary>
    /// Nothing was ever committed to it. A crash while formatting leaves a file of the initial length in which each meta page is whole or
    /// blank, as all that they hold then lies in their first 128 bytes, and a sector is written whole.
    /// </summary>
    private static bool IsBlank(IPageDevice device)
    {
        if (device.Length == 0)
            return true;
        return device.Length <= InitialBytes && !device.Read(0, (int)device.Length).ContainsAnyExcept((byte)0);
    }

    private static void Format(IPageDevice device)
    {
        device.SetLength(InitialBytes);
        var page = new byte[PageFormat.PageBytes];
        for (var txn = 0; txn < 2; txn++)
        {
            new MetaPage
            {
                Txn = txn,
                PageCount = PageFormat.FirstDataPage,
                UnusedPages = 0,
                ExtentPages = device.ExtentBytes / PageFormat.PageBytes,
                Roots = new long[MetaPage.MaxTables],
                Directories = [],
            }.WriteTo(page);
            device.Write(MetaPage.SlotOf(txn) * PageFormat.PageBytes, page);
        }
        device.Sync();
    }
}
