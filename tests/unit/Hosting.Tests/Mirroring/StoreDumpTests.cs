using System.Globalization;
using System.Text;
using System.Text.Json;
using Standalone.Mirroring;

namespace Hosting.Tests.Mirroring;

/// <summary>Goal: a v2 store as etcd 3.4 writes it into snapshots becomes the tree that it was, less what has ended. Method: stores in, trees or refusals out.</summary>
public sealed class StoreDumpTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private static SourceTree? Read(string keys, string root = "") =>
        StoreDump.Read(Encoding.UTF8.GetBytes($$"""{"Root":{{Node("/", $$"""{"0":{{Node("/0", "{}")}},"1":{{keys}}}""")}},"WatcherHub":{"EventHistory":{} },"CurrentIndex":21,"CurrentVersion":2}"""), root, s_now);

    private static string Node(string path, string children = "null", string value = "", int created = 5, string ends = "0001-01-01T00:00:00Z") =>
        $$"""{"Path":"{{path}}","CreatedIndex":{{created}},"ModifiedIndex":{{created + 1}},"ExpireTime":"{{ends}}","Value":"{{value}}","Children":{{children}}}""";

    private static string Shown(SourceTree? tree) => string.Join('\n', tree!.Nodes.OrderBy(static pair => pair.Path, StringComparer.Ordinal).Select(static pair =>
        string.Create(CultureInfo.InvariantCulture, $"{pair.Path} {(pair.Node.IsDirectory ? "dir" : "= " + pair.Node.Value)} {pair.Node.CreatedIndex} {pair.Node.ModifiedIndex} {pair.Node.Expiration:u}").TrimEnd()));

    [Fact]
    public void Read_Store_IsItsKeySpace()
    {
        var tree = Read(Node("/1", $$"""
            {"a":{{Node("/1/a", value: "\\u003c\\u2028\\\"", created: 9)}},"_hidden":{{Node("/1/_hidden", $$"""{"x":{{Node("/1/_hidden/x", value: "1")}}}""")}},"empty":{{Node("/1/empty", "{}")}}}
            """));
        Assert.Equal("/_hidden dir 5 6\n/_hidden/x = 1 5 6\n/a = <\u2028\" 9 10\n/empty dir 5 6", Shown(tree));
        Assert.Equal((21UL, true, TimeSpan.Zero), (tree!.Index, tree.IsFinal, tree.ClockAhead));
    }

    [Fact]
    public void Read_Ends_AreKeptOrKeepOut()
    {
        var tree = Read(Node("/1", $$"""
            {"past":{{Node("/1/past", ends: "2026-11-29T12:00:00Z")}},
             "soon":{{Node("/1/soon", ends: "2026-11-29T13:00:01.123456789+01:00")}},
             "gone":{{Node("/1/gone", $$"""{"never":{{Node("/1/gone/never")}}}""", ends: "2026-11-29T11:59:59.999999999Z")}}}
            """));
        Assert.Equal("/soon =  5 6 2026-11-29 12:00:01Z", Shown(tree));
    }

    [Fact]
    public void Read_Prefix_IsTheDirectoryOrTheKeyOfThatName()
    {
        var keys = Node("/1", $$"""
            {"d":{{Node("/1/d", $$"""{"k":{{Node("/1/d/k", value: "1")}}}""")}},"gone":{{Node("/1/gone", $$"""{"k":{{Node("/1/gone/k")}}}""", ends: "2026-01-01T00:00:00Z")}}}
            """);
        Assert.Equal("/k = 1 5 6", Shown(Read(keys, "/d")));
        Assert.Equal(" = 1 5 6", Shown(Read(keys, "/d/k")));
        Assert.Null(Read(keys, "/nope"));
        Assert.Null(Read(keys, "/d/k/below"));
        Assert.Null(Read(keys, "/gone/k"));
    }

    [Fact]
    public void Read_DirectoriesFarBelowEachOther_AreAllThere()
    {
        const int Levels = 1000;
        var path = "/1" + string.Concat(Enumerable.Repeat("/d", Levels));
        var json = new StringBuilder();
        for (var level = 0; level <= Levels; level++)
            json.Append(Node(path[..(2 + (2 * level))], "")[..^1]).Append(level < Levels ? "{\"d\":" : "{}}");
        Assert.Equal(Levels, Read(json.Insert(json.Length, "}}", Levels).ToString())!.Nodes.Count);
    }

    [Fact]
    public void ReadAccess_Store_IsItsRolesAndUsers()
    {
        const string Role = """{\"role\":\"r\",\"permissions\":{\"kv\":{\"read\":[\"/a/*\"],\"write\":null}}}""", User = """{\"user\":\"u\",\"password\":\"$2a$10$x\",\"roles\":[\"r\"]}""";
        var access = $$"""{"roles":{{Node("/2/roles", $$"""{"r":{{Node("/2/roles/r", value: Role)}}}""")}},"users":{{Node("/2/users", $$"""{"u":{{Node("/2/users/u", value: User)}}}""")}}}""";
        var read = StoreDump.ReadAccess(Encoding.UTF8.GetBytes($$"""{"Root":{{Node("/", $$"""{"2":{{Node("/2", access)}}}""")}}}"""));
        Assert.Equal(("r", "/a/*", 0), (read.Roles.Single().Name, read.Roles[0].Read.Single(), read.Roles[0].Write.Count));
        Assert.Equal(("u", "r"), (read.Users.Single().Name, read.Users[0].Roles.Single()));

        var none = StoreDump.ReadAccess(Encoding.UTF8.GetBytes($$"""{"Root":{{Node("/", "{}")}}}"""));
        Assert.Equal((0, 0), (none.Roles.Count, none.Users.Count));
        Assert.ThrowsAny<JsonException>(() => StoreDump.ReadAccess(Encoding.UTF8.GetBytes(
            $$"""{"Root":{{Node("/", $$"""{"2":{{Node("/2", $$"""{"roles":{{Node("/2/roles", $$"""{"r":{{Node("/2/roles/r", value: "{}")}}}""")}}}""")}}}""")}}}""")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"Root":{"Children":{"0":{"Children":{}}}}}""")]
    [InlineData("""{"Root":{"Children":{"1":{"Children":null}}}}""")]
    public void Read_WhatIsNoStore_IsToldApart(string json) => Assert.ThrowsAny<JsonException>(() => StoreDump.Read(Encoding.UTF8.GetBytes(json), "", s_now));

    [Theory]
    [InlineData("""{"k":5}""")]
    [InlineData("""{"k":{"Path":"/1/k"}}""")]
    [InlineData("""{"k":{"Path":"/1/other","ExpireTime":"0001-01-01T00:00:00Z","Children":null}}""")]
    [InlineData("""{"k":{"Path":"/1/k","ExpireTime":"never","Children":null}}""")]
    [InlineData("""{"k":{"Path":"/1/k","ExpireTime":"0001-01-01T00:00:00Z","Children":null,"Value":"\ud800"}}""")]
    [InlineData("""{"..":{"Path":"/1/..","ExpireTime":"0001-01-01T00:00:00Z","Children":null}}""")]
    [InlineData("""{"":{"Path":"/1/","ExpireTime":"0001-01-01T00:00:00Z","Children":null}}""")]
    [InlineData("""{"a/b":{"Path":"/1/a/b","ExpireTime":"0001-01-01T00:00:00Z","Children":null}}""")]
    [InlineData("""{"\ud800":{"Path":"/1/x","ExpireTime":"0001-01-01T00:00:00Z","Children":null}}""")]
    public void Read_WhatIsNoNode_IsToldApart(string children) => Assert.ThrowsAny<JsonException>(() => Read(Node("/1", children)));
}
