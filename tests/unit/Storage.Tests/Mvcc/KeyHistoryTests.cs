using Storage.Core.Mvcc;

namespace Storage.Tests.Mvcc;

/// <summary>Goal: the worked example in the type's comment is true. Method: build it and compact it at each revision.</summary>
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
        var doomed = new List<(Revision, bool)>();
        var left = Example().Compact(at, doomed);
        Assert.Equal(kept, Show(left!));
        Assert.Equal(5 - left!.Count, doomed.Count);
    }

    [Fact]
    public void Compact_OnlyATombstoneBelow_NothingIsLeft()
    {
        var deleted = KeyHistory.FirstPut(new(2, 0), 2, 1, 0).WithTombstone(new(3, 0));
        Assert.NotNull(deleted.Compact(3, []));
        Assert.Null(deleted.Compact(4, []));
    }

    [Fact]
    public void TryFind_AtEachRevision_FindsTheNewestNotAbove()
    {
        var history = Example();
        Assert.False(history.TryFind(1, out _, out _));
        Assert.True(history.TryFind(5, out var revision, out var tombstone));
        Assert.Equal((new Revision(4, 0), false), (revision, tombstone));
        Assert.True(history.TryFind(9, out revision, out tombstone));
        Assert.Equal((new Revision(8, 0), true), (revision, tombstone));
    }

    [Fact]
    public void WithPut_AfterTombstone_BeginsAGeneration()
    {
        var history = Example();
        Assert.Equal((10, 1), (history.CreateRevision, history.Version));
        Assert.Equal((10, 2), (history.WithPut(new(11, 0), 0).CreateRevision, history.WithPut(new(11, 0), 0).Version));
    }

    private static KeyHistory Example() => KeyHistory.FirstPut(new(2, 0), 2, 1, 0)
        .WithPut(new(4, 0), 0).WithPut(new(6, 0), 0).WithTombstone(new(8, 0)).WithPut(new(10, 0), 0);

    private static string Show(KeyHistory history)
    {
        var found = new List<string>();
        var bound = new Revision(long.MaxValue, 0);
        while (history.TryFindBelow(bound, out bound, out var tombstone))
            found.Insert(0, $"{bound.Main}{(tombstone ? "t" : "")}");
        return string.Join(' ', found);
    }
}
