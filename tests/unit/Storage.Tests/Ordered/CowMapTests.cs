using Storage.Core.Ordered;
using Storage.Tests.Harness;

namespace Storage.Tests.Ordered;

/// <summary>Goal: the map is a sorted dictionary, and a frozen view never changes. Method: random operations against SortedDictionary.</summary>
public sealed class CowMapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomOperations_AgainstModel_Agree(int seed)
    {
        var random = new Random(seed);
        var map = new CowMap<string>();
        var model = new SortedDictionary<byte[], string>(ByteOrder.Instance);
        var frozen = new List<(CowMapView<string> View, KeyValuePair<byte[], string>[] Rows)>();
        for (var i = 0; i < 20_000; i++)
        {
            var shrinking = i / 4_000 % 2 == 1;
            var key = BitConverter.GetBytes(random.Next(3_000));
            if (random.Next(10) < (shrinking ? 8 : 3))
            {
                Assert.True(map.Remove(key) == model.Remove(key), $"seed {seed}, step {i}");
            }
            else
            {
                map.Set(key, $"{i}");
                model[key] = $"{i}";
            }
            if (random.Next(50) == 0)
                map.Freeze();
            if (random.Next(2_000) == 0)
                frozen.Add((map.Freeze(), [.. model]));
        }
        frozen.Add((map.Freeze(), [.. model]));
        foreach (var (view, rows) in frozen)
            AssertSame(view, rows, random, seed);
    }

    [Fact]
    public void Set_AscendingKeys_AllFoundInOrder()
    {
        var map = new CowMap<string>();
        for (var i = 0; i < 10_000; i++)
        {
            map.Set([(byte)(i >> 8), (byte)i], $"{i}");
            if (i % 100 == 0)
                map.Freeze();
        }
        var cursor = map.Freeze().Seek(default);
        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(cursor.MoveNext());
            Assert.Equal($"{i}", cursor.Value);
        }
        Assert.False(cursor.MoveNext());
    }

    private static void AssertSame(CowMapView<string> view, KeyValuePair<byte[], string>[] rows, Random random, int seed)
    {
        Assert.Equal(rows.Length, view.Count);
        var from = BitConverter.GetBytes(random.Next(3_000));
        var cursor = view.Seek(from);
        foreach (var row in rows)
        {
            Assert.True(view.Find(row.Key) == row.Value, $"seed {seed}");
            if (ByteOrder.Instance.Compare(row.Key, from) < 0)
                continue;
            Assert.True(cursor.MoveNext(), $"seed {seed}");
            Assert.Equal(row.Key, cursor.Key);
            Assert.Equal(row.Value, cursor.Value);
        }
        Assert.False(cursor.MoveNext(), $"seed {seed}");
    }
}
