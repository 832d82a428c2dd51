using System.Collections.Immutable;
using Storage.Core.Keys;
using Storage.Core.Mvcc;
using Storage.Core.State;

namespace Storage.Tests.Keys;

/// <summary>
/// Goal: readers on other threads see their revision whole while the owner changes, splits, joins and compacts. Method: the owner publishes each revision with what it
/// holds; readers compare all of it again and again, and throw away only what a compaction overtook.
/// </summary>
public sealed class ConcurrentReadTests
{
    private const int Changes = 30_000, Keys = 2_000, Readers = 3;

    // The owner goes on until each reader has read so much; a machine on which that takes more changes than the bound has other troubles.
    private const int ReadsOfEach = 50, MaxChanges = 20_000_000;

    private sealed record View(long Revision, ImmutableSortedDictionary<int, long> Rows);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Read_OwnerChangesMeanwhile_RevisionIsWhole(int seed)
    {
        var index = new KeyIndex();
        var floor = new PruneFloor();
        var newest = new View(1, ImmutableSortedDictionary<int, long>.Empty);
        using var done = new CancellationTokenSource();
        var whole = new int[Readers];
        var readers = Enumerable.Range(0, Readers).Select(n => Task.Factory.StartNew(() =>
        {
            var random = new Random((seed * 100) + n);
            while (!done.IsCancellationRequested)
            {
                var view = Volatile.Read(ref newest);
                var fault = FindFault(index, view, random);
                // Read first, look at the floor afterwards, as readers of the state do.
                if (floor.Revision > view.Revision)
                    continue;
                Assert.True(fault is null, $"seed {seed}, revision {view.Revision}: {fault}");
                Interlocked.Increment(ref whole[n]);
            }
        }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();

        var owner = new Random(seed);
        var revision = 1L;
        while (++revision < MaxChanges && !readers.Any(static reader => reader.IsFaulted)
               && (revision < Changes || Array.Exists(whole, static count => count < ReadsOfEach)))
        {
            var rows = newest.Rows;
            var number = owner.Next(Keys);
            var isShrinking = revision / 5_000 % 2 == 1;
            if (rows.ContainsKey(number) && owner.Next(10) < (isShrinking ? 8 : 3))
            {
                index.Delete(Key(number), new Revision(revision, 0));
                rows = rows.Remove(number);
            }
            else
            {
                index.Put(Key(number), new Revision(revision, 0), 0, out _);
                rows = rows.SetItem(number, revision);
            }
            Volatile.Write(ref newest, new View(revision, rows));
            if (owner.Next(500) == 0)
            {
                var compacted = Math.Max(1, revision - owner.Next(1_000));
                floor.Revision = Math.Max(floor.Revision, compacted);
                for (byte[]? from = []; from is not null;)
                    from = index.Compact(from, 100, compacted, []);
            }
        }
        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.All(whole, count => Assert.True(count >= ReadsOfEach, $"a reader read only {count} revisions whole"));
    }

    private static string? FindFault(KeyIndex index, View view, Random random)
    {
        var cursor = index.Seek(KeyRange.All);
        foreach (var (number, revision) in view.Rows)
        {
            if (!IndexModel.MoveToLive(ref cursor, view.Revision, out var found))
                return "a key is missing";
            if (!cursor.Key.SequenceEqual(Key(number)) || found.Main != revision)
                return $"another key or revision: {found}, not {revision}";
        }
        if (IndexModel.MoveToLive(ref cursor, view.Revision, out _))
            return "a key too many";
        if (index.CountLive(KeyRange.All, view.Revision) is var count && count != view.Rows.Count)
            return $"counted {count}, not {view.Rows.Count}";
        for (var i = 0; i < 20; i++)
        {
            var number = random.Next(Keys);
            var isThere = index.Find(Key(number)).TryFind(view.Revision, out var found, out var tombstone) && !tombstone;
            if (isThere != view.Rows.TryGetValue(number, out var revision) || (isThere && found.Main != revision))
                return $"key {number} is there: {isThere}, {found}";
        }
        return null;
    }

    private static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes($"/some/common/prefix/{number:D6}");
}
