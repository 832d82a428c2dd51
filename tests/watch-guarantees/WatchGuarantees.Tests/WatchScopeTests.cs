using WatchGuarantees.History;

namespace WatchGuarantees.Tests;

/// <summary>What a watch asked for, and what not.</summary>
public sealed class WatchScopeTests
{
    [Theory]
    [InlineData("b", "", "b", true)]
    [InlineData("b", "", "ba", false)]
    [InlineData("b", "d", "b", true)]
    [InlineData("b", "d", "cz", true)]
    [InlineData("b", "d", "d", false)]
    [InlineData("b", "\0", "a", false)]
    [InlineData("b", "\0", "zz", true)]
    public void Covers_Key_AsItsRangeSays(string key, string rangeEnd, string changed, bool expected) =>
        Assert.Equal(expected, new WatchScope(key, rangeEnd).Covers(Put(changed)));

    [Theory]
    [InlineData("/d", "", "/d", false, true)]
    [InlineData("/d", "", "/d/f", false, false)]
    [InlineData("/d", "\0", "/d/f", false, true)]
    [InlineData("/d", "\0", "/da", false, false)]
    [InlineData("/d/f", "", "/d", false, false)]
    [InlineData("/d/f", "", "/d", true, true)]
    [InlineData("/d/f", "", "/", true, false)]
    public void Covers_Path_AndTheRemovalOfADirectoryAbove(string key, string rangeEnd, string changed, bool isDelete, bool expected) =>
        Assert.Equal(expected, new WatchScope(key, rangeEnd, IsPath: true).Covers(isDelete ? Put(changed) with { State = null } : Put(changed)));

    [Theory]
    [InlineData("/d", "/d/_f", false)]
    [InlineData("/d", "/d/_e/f", false)]
    [InlineData("/", "/_d", false)]
    [InlineData("/", "/_d/f", false)]
    [InlineData("/", "/d/f_", true)]
    [InlineData("/d/_e", "/d/_e/f", true)]
    [InlineData("/d/_f", "/d/_f", true)]
    public void Covers_HiddenPath_OnlyAsHistoryOrFromBelow(string key, string changed, bool expected)
    {
        var scope = new WatchScope(key, "\0", IsPath: true, LiveAfter: 2);
        Assert.True(scope.Covers(Put(changed)));
        Assert.Equal(expected, scope.Covers(Put(changed) with { Revision = 3 }));
    }

    private static WatchEvent Put(string key) => new(2, key, new KeyState("v", 2, 2, 1), null);
}
