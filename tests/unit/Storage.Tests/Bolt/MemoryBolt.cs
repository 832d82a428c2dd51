using Storage.Core.Bolt;

namespace Storage.Tests.Bolt;

/// <summary>A file in memory, written and read.</summary>
internal sealed class MemoryBolt(byte[] bytes) : IBoltSource
{
    public byte[] Bytes => bytes;

    public long Length => bytes.Length;

    public void Read(long offset, Span<byte> target) => bytes.AsSpan(checked((int)offset), target.Length).CopyTo(target);

    /// <summary>Writes buckets and rows, both in any order, as the product does: counted first, then written.</summary>
    public static MemoryBolt Write(Dictionary<string, SortedDictionary<byte[], byte[]>> buckets)
    {
        var layout = Give(new BoltFileBuilder(new DiscardedPages(), null), buckets);
        var pages = new MemoryPages();
        Assert.Equal(layout, Give(new BoltFileBuilder(pages, layout), buckets));
        var bytes = pages.ToArray();
        Assert.Equal(layout.Bytes, bytes.Length);
        return new MemoryBolt(bytes);
    }

    /// <summary>Everything in it.</summary>
    public Dictionary<string, SortedDictionary<byte[], byte[]>> ReadAll()
    {
        var file = BoltFile.Open(this);
        var buckets = new Dictionary<string, SortedDictionary<byte[], byte[]>>();
        for (var bucket = file.Buckets(); bucket.MoveNext();)
        {
            var rows = NewBucket();
            buckets.Add(System.Text.Encoding.UTF8.GetString(bucket.Key), rows);
            for (var row = file.Rows(bucket.Key, bucket.Value); row.MoveNext();)
                rows.Add(row.Key.ToArray(), row.Value.ToArray());
        }
        return buckets;
    }

    public static SortedDictionary<byte[], byte[]> NewBucket() => new(Harness.ByteOrder.Instance);

    private static BoltLayout Give(BoltFileBuilder file, Dictionary<string, SortedDictionary<byte[], byte[]>> buckets)
    {
        foreach (var (name, rows) in buckets.OrderBy(static bucket => bucket.Key, StringComparer.Ordinal))
        {
            file.BeginBucket(System.Text.Encoding.UTF8.GetBytes(name));
            foreach (var (key, value) in rows)
                file.Add(key, value);
            file.EndBucket();
        }
        return file.Complete();
    }

    private sealed class MemoryPages : IPageOutput
    {
        private byte[] _bytes = new byte[1 << 16];
        private int _count;

        public Span<byte> Take(int bytes)
        {
            if (_count + bytes > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(_count + bytes, _bytes.Length * 2));
            _count += bytes;
            return _bytes.AsSpan(_count - bytes, bytes);
        }

        public byte[] ToArray() => _bytes[.._count];
    }
}
