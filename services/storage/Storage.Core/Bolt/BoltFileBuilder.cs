using System.Buffers.Binary;

namespace Storage.Core.Bolt;

/// <summary>How long a file gets, and where its root is: what its first page says about its last.</summary>
internal readonly record struct BoltLayout(ulong RootPage, ulong PageCount)
{
    public long Bytes => (long)PageCount * BoltFormat.PageBytes;
}

/// <summary>
/// Writes a file from its first byte to its last. The same buckets and rows, in byte order of their names and keys, are given twice: first
/// without a layout, which yields it, then with it.
/// </summary>
internal sealed class BoltFileBuilder
{
    // Nothing is free, but a list that says so spares the reader a walk through the file.
    private const ulong FreelistPage = 2, FirstDataPage = 3;

    // The two meta pages differ by one; the later one, on page 0, counts.
    private const ulong Transaction = 2;

    private readonly IPageOutput _output;
    private readonly BoltTreeBuilder _root;
    private readonly BoltLayout? _layout;
    private byte[] _bucketName = [];
    private BoltTreeBuilder? _bucket;
    private ulong _nextPage = FirstDataPage;

    public BoltFileBuilder(IPageOutput output, BoltLayout? layout)
    {
        _output = output;
        _layout = layout;
        _root = new BoltTreeBuilder(this);
        if (layout is { } known)
            WriteHead(known);
    }

    public void BeginBucket(ReadOnlySpan<byte> name)
    {
        Invariant.Holds(_bucket is null && _bucketName.AsSpan().SequenceCompareTo(name) < 0);
        _bucketName = name.ToArray();
        _bucket = new BoltTreeBuilder(this);
    }

    /// <summary>Adds a row to the bucket begun last. Keys are not empty and ascend.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _bucket!.Add(0, key, value);

    public void EndBucket()
    {
        _root.Add(BoltFormat.BucketElement, _bucketName, _bucket!.CompleteBucket());
        _bucket = null;
    }

    /// <summary>Ends the file.</summary>
    public BoltLayout Complete()
    {
        var root = _root.Complete();
        var layout = new BoltLayout(root, _nextPage);
        Invariant.Holds(_layout is null || layout == _layout);
        return layout;
    }

    /// <summary>Writes a page, or a run of pages when it does not fit into one; returns its number.</summary>
    internal ulong WritePage(BoltPageBuilder page)
    {
        var number = _nextPage;
        var pages = (page.Bytes + BoltFormat.PageBytes - 1) / BoltFormat.PageBytes;
        page.WriteTo(_output.Take(pages * BoltFormat.PageBytes), number);
        _nextPage += (ulong)pages;
        return number;
    }

    private void WriteHead(BoltLayout layout)
    {
        var meta = new BoltMeta(BoltFormat.PageBytes, layout.RootPage, FreelistPage, layout.PageCount, Transaction);
        for (var page = 0UL; page <= 1; page++)
            (meta with { Transaction = Transaction - page }).Write(BeginPage(page, BoltFormat.MetaPage));
        BeginPage(FreelistPage, BoltFormat.FreelistPage);
    }

    private Span<byte> BeginPage(ulong number, ushort flags)
    {
        var page = _output.Take(BoltFormat.PageBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(page, number);
        BinaryPrimitives.WriteUInt16LittleEndian(page[8..], flags);
        return page[BoltFormat.PageHeaderBytes..];
    }
}
