using Storage.Contracts;
using Storage.Core.V2;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.V2;

/// <summary>Goal: what the v2 tree keeps for itself takes indexes and shows nowhere. Method: writes there beside a client's; listings and histories read.</summary>
public sealed class InternalNodeTests
{
    private const string Secret = V2Internal.Root + "/users/ann";
    private readonly V2Session _v2 = new();

    [Fact]
    public void Write_Internal_IsReadByItsPathAndTakesAnIndex()
    {
        var before = Index(_v2.Write(Operation.Set, "/a", "1"));
        Assert.Equal(before + 1, Index(_v2.Write(Operation.Create, Secret, "hash")));
        Assert.Contains("\"value\":\"hash\"", _v2.Get(Secret), StringComparison.Ordinal);
        Assert.Contains(Secret, _v2.Get(V2Internal.Root + "/users"), StringComparison.Ordinal);
    }

    [Fact]
    public void Get_OfTheRoot_LeavesThemOut()
    {
        _v2.Write(Operation.Create, Secret, "hash");
        _v2.Write(Operation.Set, "/a", "1");
        var listing = _v2.Get("/", recursive: true);
        Assert.Contains("\"key\":\"/a\"", listing, StringComparison.Ordinal);
        Assert.DoesNotContain("..", listing, StringComparison.Ordinal);
    }

    [Fact]
    public void History_OfAllBelowTheRoot_LeavesThemOut()
    {
        var first = Index(_v2.Write(Operation.Create, Secret, "hash"));
        _v2.Write(Operation.Update, Secret, "other");
        _v2.Write(Operation.Delete, Secret);
        var seen = Index(_v2.Write(Operation.Set, "/a", "1"));
        var history = V2History.Read(_v2.Replica.State, "/", V2History.Scope.Subtree, first, seen + 1, int.MaxValue);
        Assert.Equal([seen], history.Revisions.Select(static revision => revision.Revision));
        Assert.All(
            V2History.Read(_v2.Replica.State, "/", V2History.Scope.Everything, first, seen, int.MaxValue).Revisions.SelectMany(static revision => revision.Events),
            static fed => Assert.True(fed.Kind.HasFlag(FeedEventKind.Silent)));
    }

    [Theory]
    [InlineData("/..", true)]
    [InlineData("/../users/ann", true)]
    [InlineData("/", false)]
    [InlineData("/..a", false)]
    [InlineData("/a/..", false)]
    public void Contains_ByPath(string path, bool isInternal) => Assert.Equal(isInternal, V2Internal.Contains(path));

    private static long Index(string shown) => long.Parse(shown.Split(' ')[0]);
}
