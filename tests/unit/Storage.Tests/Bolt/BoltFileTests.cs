using System.Buffers.Binary;
using System.Text;
using Storage.Core.Bolt;

namespace Storage.Tests.Bolt;

/// <summary>
/// Goal: what is written in bbolt's format is read again, whatever its shape. Method: files in memory, of chosen shapes and of random ones under printed
/// seeds; that bbolt itself reads them, the end-to-end tests show.
/// </summary>
public sealed class BoltFileTests
{
    [Fact]
    public void Write_NoBuckets_IsAnEmptyFile()
    {
        var file = MemoryBolt.Write([]);
        Assert.Equal(4 * 4096, file.Length); // two meta pages, the freelist, the root
        Assert.Empty(file.ReadAll());
    }

    [Fact]
    public void Write_EmptyBucket_IsInline()
    {
        var file = MemoryBolt.Write(new() { ["b"] = MemoryBolt.NewBucket() });
        Assert.Equal(4 * 4096, file.Length);
        Assert.Empty(file.ReadAll()["b"]);
    }

    [Theory]
    [InlineData(1, 4 * 4096)] // in the root
    [InlineData(975, 4 * 4096)] // the longest that is: 1,024 bytes with the headers of the page and of the row, and the key
    [InlineData(992, 5 * 4096)] // a page of its own
    [InlineData(4063, 5 * 4096)] // a full page
    [InlineData(4064, 6 * 4096)] // one byte more: a run of two
    [InlineData(1_500_000, 4 * 4096 + (367 * 4096))]
    public void Write_OneRow_TakesThePagesThatItNeeds(int valueBytes, int fileBytes)
    {
        var rows = MemoryBolt.NewBucket();
        rows.Add("k"u8.ToArray(), [.. Enumerable.Range(0, valueBytes).Select(static i => (byte)i)]);
        var file = MemoryBolt.Write(new() { ["b"] = rows });
        AssertSame(new() { ["b"] = rows }, file.ReadAll());
        Assert.Equal(fileBytes, file.Length);
    }

    [Fact]
    public void Write_TwoHundredThousandRows_AreThereInOrder()
    {
        var rows = MemoryBolt.NewBucket();
        for (var i = 0; i < 200_000; i++)
        {
            var key = new byte[17];
            BinaryPrimitives.WriteInt64BigEndian(key, i);
            rows.Add(key, Encoding.ASCII.GetBytes($"value {i}"));
        }
        AssertSame(new() { ["key"] = rows }, MemoryBolt.Write(new() { ["key"] = rows }).ReadAll());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void WriteThenRead_AnyShape_GivesTheSame(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 30; round++)
        {
            var buckets = RandomBuckets(random);
            AssertSame(buckets, MemoryBolt.Write(buckets).ReadAll());
        }
    }

    [Fact]
    public void Write_EveryPage_IsReachedOnceOrIsOneOfTheFirstThree()
    {
        var file = MemoryBolt.Write(RandomBuckets(new Random(99)));
        var pages = file.Length / 4096;
        var owners = new int[pages];
        for (var page = 0; page < 3; page++)
            owners[page]++;
        // Walks the pages itself: a reader that leads elsewhere would not show.
        Visit(BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes.AsSpan(16 + 16)));
        Assert.All(owners, static count => Assert.Equal(1, count));
        Assert.Equal((ulong)pages, BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes.AsSpan(16 + 40)));

        void Visit(ulong number)
        {
            var page = file.Bytes.AsSpan((int)number * 4096);
            var (flags, count, overflow) = (page[8], BinaryPrimitives.ReadUInt16LittleEndian(page[10..]), BinaryPrimitives.ReadUInt32LittleEndian(page[12..]));
            for (var i = 0UL; i <= overflow; i++)
                owners[number + i]++;
            for (var i = 0; i < count; i++)
            {
                var element = page[(16 + (i * 16))..];
                if (flags == 1)
                    Visit(BinaryPrimitives.ReadUInt64LittleEndian(element[8..]));
                else if ((BinaryPrimitives.ReadUInt32LittleEndian(element) & 1) != 0)
                {
                    var key = BinaryPrimitives.ReadInt32LittleEndian(element[4..]) + BinaryPrimitives.ReadInt32LittleEndian(element[8..]);
                    if (BinaryPrimitives.ReadUInt64LittleEndian(element[key..]) is not 0 and var root)
                        Visit(root);
                }
            }
        }
    }

    internal static Dictionary<string, SortedDictionary<byte[], byte[]>> RandomBuckets(Random random)
    {
        var buckets = new Dictionary<string, SortedDictionary<byte[], byte[]>>();
        for (var bucket = random.Next(12); bucket > 0; bucket--)
        {
            var rows = MemoryBolt.NewBucket();
            var maxValue = random.Next(4) switch { 0 => 10, 1 => 300, 2 => 5_000, _ => 40_000 };
            for (var row = random.Next(random.Next(2) == 0 ? 5 : 400); row > 0; row--)
            {
                var key = new byte[random.Next(1, random.Next(8) == 0 ? 1_000 : 20)];
                random.NextBytes(key);
                var value = new byte[random.Next(maxValue)];
                random.NextBytes(value);
                rows[key] = value;
            }
            buckets[$"bucket{random.Next(1_000)}"] = rows;
        }
        return buckets;
    }

    private static void AssertSame(Dictionary<string, SortedDictionary<byte[], byte[]>> expected, Dictionary<string, SortedDictionary<byte[], byte[]>> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys);
        foreach (var (name, rows) in expected)
        {
            Assert.Equal(rows.Count, actual[name].Count);
            foreach (var (wanted, found) in rows.Zip(actual[name]))
            {
                Assert.True(wanted.Key.AsSpan().SequenceEqual(found.Key));
                Assert.True(wanted.Value.AsSpan().SequenceEqual(found.Value));
            }
        }
    }
}
