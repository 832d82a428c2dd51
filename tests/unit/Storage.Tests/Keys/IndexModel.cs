using Storage.Core.Keys;
using Storage.Core.Mvcc;
using Storage.Tests.Harness;

namespace Storage.Tests.Keys;

/// <summary>A <see cref="KeyIndex"/> beside lists of all revisions of each key, changed alike and compared.</summary>
internal sealed class IndexModel(string run)
{
    public sealed record Change(Revision Revision, bool IsTombstone, long Create, long Version, long Lease);

    public KeyIndex Index { get; set; } = new();

    public SortedDictionary<byte[], List<Change>> Keys { get; } = new(ByteOrder.Instance);

    public long Revision { get; private set; } = 1;

    public long Compacted { get; private set; }

    public void Put(byte[] key, long lease)
    {
        var revision = new Revision(++Revision, 0);
        var old = Keys.GetValueOrDefault(key)?[^1];
        var next = old is { IsTombstone: false }
            ? new Change(revision, false, old.Create, old.Version + 1, lease)
            : new Change(revision, false, revision.Main, 1, lease);
        Keys.TryAdd(key, []);
        Keys[key].Add(next);
        AssertNewest(next, Index.Put(key, revision, lease, out var before));
        AssertNewest(old, before);
    }

    /// <summary>Deletes the key if it exists.</summary>
    public void Delete(byte[] key)
    {
        if (!Keys.TryGetValue(key, out var changes) || changes[^1].IsTombstone)
            return;
        var revision = new Revision(++Revision, 0);
        AssertNewest(changes[^1], Index.Delete(key, revision));
        changes.Add(new Change(revision, true, 0, 0, 0));
    }

    public void Compact(long at, int maxKeys)
    {
        var expected = new HashSet<(Revision, bool)>();
        foreach (var (key, changes) in Keys.ToArray())
        {
            var last = changes.FindLastIndex(change => change.Revision.Main <= at);
            var drop = last < 0 ? 0 : changes[last].IsTombstone && changes[last].Revision.Main != at ? last + 1 : last;
            expected.UnionWith(changes.Take(drop).Select(change => (change.Revision, change.IsTombstone)));
            changes.RemoveRange(0, drop);
            if (changes.Count == 0)
                Keys.Remove(key);
        }
        var doomed = new List<(Revision, bool)>();
        for (byte[]? from = []; from is not null;)
            from = Index.Compact(from, maxKeys, at, doomed);
        Assert.True(expected.SetEquals(doomed) && doomed.Count == expected.Count, $"{run}: compaction at {at} removed other revisions");
        Compacted = at;
    }

    /// <summary>Keys of [from, end) at a revision, each with the revision that it then had.</summary>
    public List<(byte[] Key, Revision Revision)> Read(byte[] from, byte[] end, long at)
    {
        var found = new List<(byte[], Revision)>();
        foreach (var (key, changes) in Keys)
        {
            var change = changes.FindLast(change => change.Revision.Main <= at);
            if (change is { IsTombstone: false } && new KeyRange(from, end).Contains(key))
                found.Add((key, change.Revision));
        }
        return found;
    }

    public void AssertSame(byte[] from, byte[] end, long at)
    {
        var expected = Read(from, end, at);
        var range = new KeyRange(from, end);
        Assert.True(expected.Count == Index.CountLive(range, at), $"{run}, at {at}: counted {Index.CountLive(range, at)}, not {expected.Count}");
        var cursor = Index.Seek(range);
        foreach (var (key, revision) in expected)
        {
            Assert.True(MoveToLive(ref cursor, at, out var found), $"{run}, at {at}: a key is missing");
            Assert.True(key.AsSpan().SequenceEqual(cursor.Key) && revision == found, $"{run}, at {at}: another key or revision");
        }
        Assert.False(MoveToLive(ref cursor, at, out _), $"{run}, at {at}: a key too many");
    }

    public void AssertWhole()
    {
        Assert.Equal(Keys.Count, Index.Count);
        foreach (var (key, changes) in Keys)
            AssertNewest(changes[^1], Index.Find(key));
    }

    public static bool MoveToLive(scoped ref KeyCursor cursor, long at, out Revision revision)
    {
        revision = default;
        while (cursor.MoveNext())
        {
            if (cursor.History.TryFind(at, out revision, out var tombstone) && !tombstone)
                return true;
        }
        return false;
    }

    private void AssertNewest(Change? expected, KeyHistory found) => Assert.True(
        expected is null
            ? found.IsNone
            : (expected.Revision, expected.IsTombstone, expected.Create, expected.Version, expected.Lease)
              == (found.Modified, found.IsTombstone, found.CreateRevision, found.Version, found.Lease),
        $"{run}, revision {Revision}: {expected} is not {found.Modified}");
}
