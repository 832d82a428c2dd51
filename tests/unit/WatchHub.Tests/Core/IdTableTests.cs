namespace WatchHub.Tests.Core;

/// <summary>Goal: the table is a dictionary in less space. Method: the same random steps on both, ids that collide among them.</summary>
public sealed class IdTableTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1L << 40)]
    [InlineData(3, 7919)]
    public void RandomSteps_AsADictionary(int seed, long stride)
    {
        var random = new Random(seed);
        var (table, model) = (new IdTable<Item>(), new Dictionary<long, Item>());
        for (var step = 0; step < 20_000; step++)
        {
            // Grows for a while, then shrinks to nothing, and so on.
            var id = (random.Next(400) - 200) * stride;
            if (model.ContainsKey(id) || random.Next(100) < (step / 2000 % 2 == 0 ? 20 : 80))
            {
                table.Remove(id);
                model.Remove(id);
            }
            else
            {
                var item = new Item(id);
                table.Add(item);
                model.Add(id, item);
            }
            Assert.Equal(model.Count, table.Count);
            Assert.Same(model.GetValueOrDefault(id), table.Find(id));
            if (step % 50 == 0)
                Assert.Equal(model.Keys.Order(), Ids(table).Order());
        }
        Assert.All(model, one => Assert.Same(one.Value, table.Find(one.Key)));
        table.Clear();
        Assert.Empty(Ids(table));
    }

    private static List<long> Ids(IdTable<Item> table)
    {
        var ids = new List<long>();
        foreach (var item in table)
            ids.Add(item.Id);
        return ids;
    }

    private sealed class Item(long id) : Identified
    {
        public override long Id => id;
    }
}
