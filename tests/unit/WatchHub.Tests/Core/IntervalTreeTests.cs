using Storage.Contracts;
using WatchHub.Core.Index;
using WatchHub.Core.Watchers;

namespace WatchHub.Tests.Core;

/// <summary>The interval tree against a list searched from end to end, under random inserts and removals.</summary>
public class IntervalTreeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Stab_RandomIntervals_SameAsBruteForce(int seed)
    {
        var random = new Random(seed);
        var tree = new IntervalTree();
        var list = new List<WatchGroup>();
        for (var step = 0; step < 2000; step++)
        {
            if (list.Count > 0 && random.Next(3) == 0)
            {
                var gone = list[random.Next(list.Count)];
                list.Remove(gone);
                tree.Remove(gone);
            }
            else
            {
                var group = new WatchGroup(Key(random), random.Next(8) == 0 ? [0] : Key(random), GroupShape.None);
                list.Add(group);
                tree.Add(group);
            }
            var key = Key(random);
            var found = new List<WatchGroup>();
            tree.Stab(key, FeedEventKind.Put, found);
            var expected = list.Where(group => Holds(group, key)).ToHashSet();
            Assert.Equal(found.Count, found.Distinct().Count());
            Assert.True(expected.SetEquals(found), $"seed {seed}, step {step}");
        }
    }

    private static byte[] Key(Random random)
    {
        var key = new byte[random.Next(1, 4)];
        for (var i = 0; i < key.Length; i++)
            key[i] = (byte)random.Next(1, 6);
        return key;
    }

    private static bool Holds(WatchGroup group, byte[] key) =>
        key.AsSpan().SequenceCompareTo(group.Key) >= 0
        && (group.RangeEnd is [0] || key.AsSpan().SequenceCompareTo(group.RangeEnd) < 0);
}
