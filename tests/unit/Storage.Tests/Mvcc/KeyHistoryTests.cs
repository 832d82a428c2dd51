using Storage.Core.Keys;
using Storage.Core.Mvcc;

namespace Storage.Tests.Mvcc;

/// <summary>Goal: the worked example in the type's comment is true. Method: build it in an index and compact it at each revision.</summary>
public sealed class KeyHistoryTests
{
    [Theory]
    [InlineData(1, "2 4 6 8t 10")]
    [InlineData(2, "2 4 6 8t 10")]
    [InlineData(3, "2 4 6 8t 10")]
    [InlineData(5, "4 6 8t 10")]
    [InlineData(6, "6 8t 10")]
    [InlineData(7, "6 8t 10")]
    [InlineData(8, "8t 10")]
    [InlineData(9, "10")]
    [InlineData(12, "10")]
    public void Compact_AtEachRevision_KeepsWhatTheExampleSays(long at, string kept)
    {
        var index = Example();
        var doomed = new List<(Revision Revision, bool IsTombstone)>();
        Assert.Null(index.Compact([], 10, at, doomed));
        Assert.Equal(kept, Show(index.Find("a"u8)));
        Assert.Equal("2 4 6 8t 10", $"{string.Join(' ', doomed.Select(one => Show(one.Revision, one.IsTombstone)))} {kept}".TrimStart());
    }

    [Fact]
    public void Compact_OnlyATombstoneBelow_NothingIsLeft()
    {
        var index = new KeyIndex();
        index.Put("a"u8, new(2, 0), 0, out _);
        index.Delete("a"u8, new(3, 0));
        index.Compact([], 10, 3, []);
        Assert.False(index.Find("a"u8).IsNone);
        index.Compact([], 10, 4, []);
        Assert.True(index.Find("a"u8).IsNone);
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void TryFind_AtEachRevision_FindsTheNewestNotAbove()
    {
        var history = Example().Find("a"u8);
        Assert.False(history.TryFind(1, out _, out _));
        Assert.True(history.TryFind(5, out var revision, out var tombstone));
        Assert.Equal((new Revision(4, 0), false), (revision, tombstone));
        Assert.True(history.TryFind(9, out revision, out tombstone));
        Assert.Equal((new Revision(8, 0), true), (revision, tombstone));
    }

    [Fact]
    public void Put_AfterTombstone_BeginsAGeneration()
    {
        var index = Example();
        var history = index.Find("a"u8);
        Assert.Equal((10, 1), (history.CreateRevision, history.Version));
        var next = index.Put("a"u8, new(11, 0), 5, out var before);
        Assert.Equal((10, 2, 5), (next.CreateRevision, next.Version, next.Lease));
        Assert.Equal(new Revision(10, 0), before.Modified);
    }

    [Fact]
    public void TryFind_HistoryThatWentOn_SeesWhatItSaw()
    {
        var index = Example();
        var held = index.Find("a"u8);
        index.Put("a"u8, new(11, 0), 0, out _);
        index.Delete("a"u8, new(12, 0));
        Assert.Equal("2 4 6 8t 10", Show(held));
        Assert.Equal("2 4 6 8t 10 11 12t", Show(index.Find("a"u8)));
    }

    private static KeyIndex Example()
    {
        var index = new KeyIndex();
        foreach (var main in (long[])[2, 4, 6])
            index.Put("a"u8, new(main, 0), 0, out _);
        index.Delete("a"u8, new(8, 0));
        index.Put("a"u8, new(10, 0), 0, out _);
        return index;
    }

    private static string Show(KeyHistory history)
    {
        var found = new List<string>();
        var bound = new Revision(long.MaxValue, 0);
        while (history.TryFindBelow(bound, out bound, out var tombstone))
            found.Insert(0, Show(bound, tombstone));
        return string.Join(' ', found);
    }

    private static string Show(Revision revision, bool tombstone) => $"{revision.Main}{(tombstone ? "t" : "")}";
}
