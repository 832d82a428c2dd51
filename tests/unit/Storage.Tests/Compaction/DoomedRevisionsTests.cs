using Storage.Core.Compaction;
using Storage.Core.Mvcc;

namespace Storage.Tests.Compaction;

/// <summary>Goal: what goes in key by key comes out in table order. Method: random batches from a seed that is printed, taken out against a sorted list.</summary>
public sealed class DoomedRevisionsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Take_AfterRandomBatches_IsAscending(int seed)
    {
        var random = new Random(seed);
        var doomed = new DoomedRevisions();
        for (var round = 0; round < 3; round++)
        {
            var all = Enumerable.Range(0, 2_000).Select(n => (Revision: new Revision(n / 3, n % 3), IsTombstone: random.Next(4) == 0)).ToArray();
            var expected = all.ToArray();
            random.Shuffle(all);
            for (var from = 0; from < all.Length;)
            {
                var to = Math.Min(all.Length, from + random.Next(0, 50));
                doomed.Add([.. all[from..to]]);
                from = to;
            }
            Assert.Equal(expected.Length, doomed.Count);
            Assert.Equal(expected, Enumerable.Range(0, expected.Length).Select(_ => doomed.Take()));
            Assert.Equal(0, doomed.Count);
        }
    }
}
