using Storage.Core.Keys;
using Storage.Core.Mvcc;
using Storage.Host.Service;

namespace Storage.Tests.Keys;

/// <summary>
/// Goal: the index answers every revision that is not compacted as it was, whatever the keys look like and whatever came since. Method: random changes and
/// compactions beside a model.
/// </summary>
public sealed class KeyIndexTests
{
    [Theory]
    [CombinedSeeds]
    public void RandomChanges_AgainstModel_EveryRevisionReadsTheSame(KeyShape shape, int seed)
    {
        var random = new Random(seed);
        var model = new IndexModel($"{shape}, seed {seed}");
        var keys = shape == KeyShape.Long ? 300 : 3_000;
        for (var step = 0; step < 12_000; step++)
        {
            var isShrinking = step / 3_000 % 2 == 1;
            var key = shape.Make(random, keys);
            if (random.Next(10) < (isShrinking ? 7 : 2))
                model.Delete(key);
            else if (!isShrinking || random.Next(3) == 0)
                model.Put(key, random.Next(8) == 0 ? random.Next(3) : 0);
            if (random.Next(isShrinking ? 200 : 1_500) == 0)
                model.Compact(random.NextInt64(model.Compacted + 1, model.Revision + 1), random.Next(1, 500));
            if (random.Next(300) == 0)
                AssertSame(model, shape, random, keys);
        }
        model.AssertWhole();
        model.Compact(model.Revision, 64);
        model.AssertWhole();
        AssertSame(model, shape, random, keys);
    }

    [Theory]
    [CombinedSeeds]
    public void Load_InBatches_SameAsChangeByChange(KeyShape shape, int seed)
    {
        var random = new Random(seed);
        var model = new IndexModel($"{shape}, seed {seed}");
        var keys = shape == KeyShape.Long ? 300 : 3_000;
        for (var step = 0; step < 6_000; step++)
        {
            if (random.Next(4) == 0)
                model.Delete(shape.Make(random, keys));
            else
                model.Put(shape.Make(random, keys), random.Next(8) == 0 ? 9 : 0);
        }
        model.Compact(model.Revision / 3, 100);

        var loaded = new KeyIndex();
        var loader = new KeyIndexLoader(loaded, seed == 1 ? new InlineWorker() : new PoolWorker(), maxBytes: random.Next(10_000, 2_000_000), bucketBytes: random.Next(200, 20_000), blockBytes: random.Next(100, 5_000));
        var rows = model.Keys.SelectMany(static row => row.Value.Select(change => (row.Key, Change: change))).OrderBy(static row => row.Change.Revision);
        foreach (var (key, change) in rows)
            loader.Add(key, change.Revision, change.IsTombstone, change.Create, change.Version, change.Lease);
        loader.Complete();
        Assert.True(loader.HasLeases);

        model.Index = loaded;
        model.AssertWhole();
        AssertSame(model, shape, random, keys);
        // And it goes on from there.
        for (var step = 0; step < 2_000; step++)
            model.Put(shape.Make(random, keys), 0);
        model.Compact(model.Revision - 10, 100);
        model.AssertWhole();
        AssertSame(model, shape, random, keys);
    }

    [Theory]
    [CombinedSeeds]
    public void Seek_ChangesMeanwhile_ReadsItsRevision(KeyShape shape, int seed)
    {
        var random = new Random(seed);
        var model = new IndexModel($"{shape}, seed {seed}");
        var keys = shape == KeyShape.Long ? 300 : 3_000;
        for (var step = 0; step < 1_000; step++)
            model.Put(shape.Make(random, keys), 0);
        for (var round = 0; round < 20; round++)
        {
            var at = model.Revision;
            var expected = model.Read([], [0], at);
            var cursor = model.Index.Seek(KeyRange.All);
            foreach (var (key, revision) in expected)
            {
                Assert.True(IndexModel.MoveToLive(ref cursor, at, out var found));
                Assert.True(key.AsSpan().SequenceEqual(cursor.Key) && revision == found, $"{shape}, seed {seed}, round {round}");
                for (var change = random.Next(3); change > 0; change--)
                {
                    if (random.Next(3) == 0)
                        model.Delete(shape.Make(random, keys));
                    else
                        model.Put(shape.Make(random, keys), 0);
                }
            }
            Assert.False(IndexModel.MoveToLive(ref cursor, at, out _));
        }
    }

    /// <summary>Whole leaves and branches go, and keys come where they were: the bounds between nodes must stay true.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Put_WhereRangesWereRemoved_NothingIsLost(int seed)
    {
        const int Numbers = 20_000;
        var random = new Random(seed);
        var model = new IndexModel($"ranges, seed {seed}");
        for (var number = 0; number < Numbers; number++)
            model.Put(Number(number), 0);
        for (var round = 0; round < 30; round++)
        {
            var width = random.Next(50, 6_000);
            var from = random.Next(Numbers - width);
            for (var number = from; number < from + width; number++)
                model.Delete(Number(number));
            // A tombstone at the compacted revision itself would stay.
            model.Put(Number(random.Next(Numbers)), 0);
            model.Compact(model.Revision, 1_000);
            for (var puts = random.Next(2) == 0 ? 5 : width; puts > 0; puts--)
                model.Put(Number(from + random.Next(width)), 0);
            model.AssertWhole();
            model.AssertSame([], [0], model.Revision);
        }
    }

    private static byte[] Number(int number) => KeyShape.Ascending.Of(number);

    private static void AssertSame(IndexModel model, KeyShape shape, Random random, int keys)
    {
        model.AssertSame([], [0], model.Revision);
        for (var i = 0; i < 4; i++)
        {
            var from = shape.Make(random, keys);
            var at = random.NextInt64(Math.Max(1, model.Compacted), model.Revision + 1);
            model.AssertSame(from, i switch { 0 => [], 1 => [0], _ => shape.Make(random, keys) }, at);
        }
    }

    private sealed class CombinedSeedsAttribute : Xunit.Sdk.DataAttribute
    {
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) =>
            from shape in Enum.GetValues<KeyShape>()
            from seed in Enumerable.Range(1, 3)
            select new object[] { shape, seed };
    }
}
