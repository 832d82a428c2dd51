using System.Buffers.Binary;
using System.Text;

namespace Storage.Core.Bolt;

/// <summary>
/// Reads a file in bbolt's format. Every byte may be anything: each page is checked when it is met, and a walk ends after the last row, with bounded
/// memory, or with a <see cref="BoltDamagedException"/>. For one thread.
/// </summary>
public sealed class BoltFile
{
    // The longest run of pages that is read: a leaf of a few values of 64 MiB.
    private const long MaxLeafBytes = 256L * 1024 * 1024;

    // The same of a branch, of which one of each level is in memory: keys of bbolt are no longer than 32 KiB, and few when they are long.
    private const long MaxBranchBytes = 1024 * 1024;

    private readonly IBoltSource _source;
    private readonly BoltMeta _meta;

    private BoltFile(IBoltSource source, BoltMeta meta) => (_source, _meta) = (source, meta);

    /// <summary>Bytes that the file's own records cover; what follows them is none of it.</summary>
    public long Bytes => (long)_meta.PageCount * _meta.PageBytes;

    /// <summary>Finds the newest meta page.</summary>
    /// <exception cref="BoltDamagedException">There is no valid one, or the file is shorter than it says.</exception>
    public static BoltFile Open(IBoltSource source)
    {
        var first = MetaAt(source, 0);
        BoltMeta? second = null;
        // Where the second one is, the first says; without it, any page size is possible.
        for (var pageBytes = first?.PageBytes ?? 1024; second is null && pageBytes <= (first?.PageBytes ?? 65536); pageBytes *= 2)
            second = MetaAt(source, pageBytes) is { } found && found.PageBytes == pageBytes ? found : null;
        var meta = (first?.Transaction ?? 0) >= (second?.Transaction ?? 0) ? first ?? second : second;
        if (meta is not { } newest)
            throw new BoltDamagedException("invalid database: neither of its meta pages is valid");
        if (newest.PageCount > (ulong)source.Length / (ulong)newest.PageBytes)
        {
            throw new BoltDamagedException(
                $"the file was cut short: it has {source.Length} bytes, and says that there are {newest.PageCount} pages of {newest.PageBytes}");
        }
        return new BoltFile(source, newest);
    }

    /// <summary>A cursor before the first bucket.</summary>
    public BoltCursor Buckets() => new(this, ReadPage(_meta.Root, "the root"));

    /// <summary>A cursor before the first row of the bucket that the value of a bucket's element describes.</summary>
    public BoltCursor Rows(ReadOnlySpan<byte> name, ReadOnlySpan<byte> bucket)
    {
        var text = $"bucket {Encoding.UTF8.GetString(name)}";
        if (bucket.Length < BoltFormat.BucketHeaderBytes)
            throw new BoltDamagedException($"{text} is described in {bucket.Length} bytes: that is too short");
        var root = BinaryPrimitives.ReadUInt64LittleEndian(bucket);
        return new BoltCursor(this, root == 0
            ? BoltPage.Parse(bucket[BoltFormat.BucketHeaderBytes..].ToArray(), $"the page of {text}")
            : ReadPage(root, text));
    }

    internal BoltPage ReadPage(ulong number, string from)
    {
        if (number < 2 || number >= _meta.PageCount)
            throw new BoltDamagedException($"{from} leads to page {number} of {_meta.PageCount}");
        var offset = (long)number * _meta.PageBytes;
        var first = GC.AllocateUninitializedArray<byte>(_meta.PageBytes);
        _source.Read(offset, first);
        var own = BinaryPrimitives.ReadUInt64LittleEndian(first);
        if (own != number)
            throw new BoltDamagedException($"page {number} says that it is page {own}");
        var pages = BinaryPrimitives.ReadUInt32LittleEndian(first.AsSpan(12)) + 1UL;
        if (pages > _meta.PageCount - number)
            throw new BoltDamagedException($"page {number} has a run of {pages} pages, of which the last is beyond the end of the file");
        var bytes = (long)pages * _meta.PageBytes;
        var maxBytes = BinaryPrimitives.ReadUInt16LittleEndian(first.AsSpan(8)) == BoltFormat.LeafPage ? MaxLeafBytes : MaxBranchBytes;
        if (bytes > maxBytes)
            throw new BoltDamagedException($"page {number} has a run of {bytes} bytes; no more than {maxBytes} are taken");
        if (pages == 1)
            return BoltPage.Parse(first, $"page {number}");
        var run = GC.AllocateUninitializedArray<byte>((int)bytes);
        first.CopyTo(run, 0);
        _source.Read(offset + first.Length, run.AsSpan(first.Length));
        return BoltPage.Parse(run, $"page {number}");
    }

    private static BoltMeta? MetaAt(IBoltSource source, int offset)
    {
        Span<byte> page = stackalloc byte[BoltFormat.PageHeaderBytes + BoltMeta.Bytes];
        if (source.Length < offset + page.Length)
            return null;
        source.Read(offset, page);
        return BoltMeta.TryRead(page[BoltFormat.PageHeaderBytes..], out var meta) ? meta : null;
    }
}
