using System.Text;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.V2;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.V2;

/// <summary>Goal: the rules of the v2 verbs that the observed session does not show. Method: one scenario per rule.</summary>
public sealed class V2RuleTests
{
    private readonly V2Session _v2 = new();

    /// <summary>Values are bytes, and what is no UTF-8 in them is shown escaped, byte by byte, as Go's encoder does.</summary>
    [Theory]
    [InlineData("\u00ff\u00feA", "\\ufffd\\ufffdA")]
    [InlineData("\u00e2\u0080", "\\ufffd\\ufffd")]
    [InlineData("\u00e2\u0080\u00a8", "\\u2028")]
    [InlineData("\u00c3\u00a9<\u00c3", "\u00e9\\u003c\\ufffd")]
    [InlineData("\u00ef\u00bf\u00bd", "\ufffd")]
    [InlineData("\u00ed\u00a0\u0080", "\\ufffd\\ufffd\\ufffd")]
    public void Write_ValueOfAnyBytes_IsKeptAndShownAsGoShowsIt(string latin1, string shown)
    {
        var value = ByteString.CopyFrom(Encoding.Latin1.GetBytes(latin1));
        Assert.Contains(
            $"\"value\":\"{shown}\"", _v2.Write(new V2Write { Operation = Operation.Set, Path = "/a", Value = value }), StringComparison.Ordinal);
        Assert.Contains(
            "compareAndSwap", _v2.Write(new V2Write { Operation = Operation.CompareAndSwap, Path = "/a", PrevValue = value }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Operation.Update)]
    [InlineData(Operation.CompareAndSwap)]
    [InlineData(Operation.Delete)]
    [InlineData(Operation.CompareAndDelete)]
    public void Write_MissingKey_NamesTheShortestMissingPrefix(Operation operation)
    {
        Assert.Equal("3 100 /a", _v2.Write(operation, "/a/b/c", prevIndex: 4));
        _v2.Write(Operation.Set, "/a", dir: true);
        Assert.Equal("4 100 /a/b", _v2.Write(operation, "/a/b/c", prevIndex: 4));
    }

    [Theory]
    [InlineData(Operation.Set, "102 /d")]
    [InlineData(Operation.Create, "105 /d")]
    [InlineData(Operation.Update, "102 /d")]
    [InlineData(Operation.CompareAndSwap, "102 /d")]
    [InlineData(Operation.CompareAndDelete, "102 /d")]
    public void Write_OnADirectory_IsRefusedWithEachVerbsOwnCode(Operation operation, string expected)
    {
        _v2.Write(Operation.Set, "/d", dir: true);
        Assert.Equal($"4 {expected}", _v2.Write(operation, "/d", "x", prevIndex: 4));
    }

    [Theory]
    [InlineData(Operation.Create)]
    [InlineData(Operation.Update)]
    [InlineData(Operation.CompareAndSwap)]
    [InlineData(Operation.Delete)]
    public void Write_OnTheRoot_IsReadOnly(Operation operation) => Assert.Equal("3 107 /", _v2.Write(operation, "/", prevIndex: 1));

    [Fact]
    public void CompareAndDelete_OnTheRoot_IsNotAFileWithoutCause() => Assert.Equal("3 102", _v2.Write(Operation.CompareAndDelete, "/", prevIndex: 1));

    [Fact]
    public void CreateInOrder_OnTheRootAndUnderAFile()
    {
        Assert.StartsWith("""4 {"action":"create","node":{"key":"/00000000000000000004","value":"x",""", _v2.Write(Operation.CreateInOrder, "/", "x"));
        _v2.Write(Operation.Set, "/f", "1");
        Assert.Equal("5 104 /f", _v2.Write(Operation.CreateInOrder, "/f", "x"));
        Assert.StartsWith("""6 {"action":"create","node":{"key":"/q/00000000000000000006","dir":true,""", _v2.Write(Operation.CreateInOrder, "/q", dir: true));
    }

    [Fact]
    public void Update_WithoutValueOrTtl_StoresTheEmptyStringForever()
    {
        _v2.Write(Operation.Set, "/a", "x", expires: "2030-01-01T00:00:00Z");
        Assert.StartsWith("""5 {"action":"update","node":{"key":"/a","value":"","modifiedIndex":5,"createdIndex":4},""", _v2.Write(Operation.Update, "/a"));
        Assert.Null(_v2.Replica.State.Current.V2.NextExpiryUnixNanos);
    }

    [Fact]
    public void Refresh_KeepsTheValueAndIsSilent()
    {
        _v2.At("2026-01-01T00:00:00Z");
        _v2.Write(Operation.Set, "/a", "x");
        Assert.StartsWith(
            """5 {"action":"set","node":{"key":"/a","value":"x","expiration":"2026-01-01T00:00:09Z","ttl":9,"modifiedIndex":5,"createdIndex":5}""",
            _v2.Write(Operation.Set, "/a", expires: "2026-01-01T00:00:09Z", refresh: true));
        Assert.StartsWith("""6 {"action":"compareAndSwap","node":{"key":"/a","value":"x",""",
            _v2.Write(Operation.CompareAndSwap, "/a", expires: "2026-01-01T00:00:09Z", prevValue: "x", refresh: true));
        Assert.Equal("6 105 /a", _v2.Write(Operation.Create, "/a", expires: "2026-01-01T00:00:09Z", refresh: true));
        Assert.Equal("4", Matching("/a", V2History.Scope.Node));
        Assert.Equal("4 5 6", Matching("/", V2History.Scope.Everything));
    }

    [Fact]
    public void Expire_Directory_TakesItsSubtreeInOneEvent()
    {
        _v2.Write(Operation.Set, "/d", dir: true, expires: "2026-01-01T00:00:02Z");
        _v2.Write(Operation.Set, "/d/x/y", "1", expires: "2026-01-01T00:00:03Z");
        _v2.Write(Operation.Set, "/e", "1", expires: "2026-01-01T00:00:01Z");
        Assert.Equal(V2Session.Nanos("2026-01-01T00:00:01Z"), _v2.Replica.State.Current.V2.NextExpiryUnixNanos);
        Assert.Equal("8", _v2.Expire("2026-01-01T00:00:05Z"));
        Assert.StartsWith("""{"action":"expire","node":{"key":"/e","modifiedIndex":7""", _v2.Event(7));
        Assert.StartsWith("""{"action":"expire","node":{"key":"/d","dir":true,"modifiedIndex":8""", _v2.Event(8));
        Assert.Equal("""8 {"action":"get","node":{"dir":true}}""", _v2.Get("/"));
        Assert.Null(_v2.Replica.State.Current.V2.NextExpiryUnixNanos);
    }

    [Fact]
    public void Get_Hidden_IsLeftOutOfListingsAtAnyDepth()
    {
        _v2.Write(Operation.Set, "/a/_h/x", "1");
        _v2.Write(Operation.Set, "/a/b", "2");
        Assert.DoesNotContain("_h", _v2.Get("/", recursive: true), StringComparison.Ordinal);
        Assert.Contains("/a/_h/x", _v2.Get("/a/_h", recursive: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Get_NamesThatSortAroundTheSlash_ListsStayWhole()
    {
        foreach (var path in (string[])["/a/z", "/a-b/y", "/a.c", "/a/b/c"])
            _v2.Write(Operation.Set, path, "1");
        Assert.Equal(4, _v2.Get("/", recursive: true).Split("\"value\"").Length - 1);
        _v2.Write(Operation.Delete, "/a", recursive: true);
        Assert.Equal(2, _v2.Get("/", recursive: true).Split("\"value\"").Length - 1);
    }

    [Fact]
    public void Json_Strings_AreEscapedAsGoDoes()
    {
        Assert.Contains(
            "\"value\":\"\\u003ca href=\\\"x\\\"\\u003e \\u0026 \\\\ \\n\\r\\t\\u0001 \\u2028\\u2029 \u00e9\u4e2d\u007f\"",
            _v2.Write(Operation.Set, "/a", "<a href=\"x\"> & \\ \n\r\t\u0001 \u2028\u2029 \u00e9\u4e2d\u007f"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-01-01T00:00:09.5Z", "2026-01-01T00:00:09.5Z", 10)]
    [InlineData("2026-01-01T00:00:09.000000010Z", "2026-01-01T00:00:09.00000001Z", 10)]
    [InlineData("2026-01-01T00:00:09Z", "2026-01-01T00:00:09Z", 9)]
    public void Json_Expiration_TrimsZerosAndTtlIsRoundedUp(string expires, string shown, int ttl)
    {
        _v2.At("2026-01-01T00:00:00Z");
        Assert.Contains($"\"expiration\":\"{shown}\",\"ttl\":{ttl},", _v2.Write(Operation.Set, "/a", "x", expires: expires), StringComparison.Ordinal);
        Assert.Contains("\"modifiedIndex\"", _v2.Get("/a"), StringComparison.Ordinal);
    }

    [Fact]
    public void History_Scopes_MatchNodesSubtreesAndRemovedParents()
    {
        _v2.Write(Operation.Set, "/a/b", "1");                     // 4
        _v2.Write(Operation.Set, "/a/c", "1");                     // 5
        _v2.Write(Operation.Set, "/ab", "1");                      // 6
        _v2.Write(Operation.Delete, "/a", recursive: true);        // 7
        Assert.Equal("4 7", Matching("/a/b", V2History.Scope.Node));
        Assert.Equal("4 5 7", Matching("/a", V2History.Scope.Subtree));
        Assert.Equal("7", Matching("/a", V2History.Scope.Node));
        Assert.Equal("4 5 6 7", Matching("/", V2History.Scope.Subtree));
    }

    [Fact]
    public void Tree_AfterRestart_IsTheSame()
    {
        _v2.Write(Operation.Set, "/a/b", "1", expires: "2030-01-01T00:00:00Z");
        _v2.Write(Operation.Set, "/a/c", "2");
        _v2.Write(Operation.Delete, "/a/c");
        _v2.Replica.Commit();
        var restarted = new V2Session { Replica = _v2.Replica.AfterCrash([]) };
        Assert.Equal(_v2.Get("/", recursive: true), restarted.Get("/", recursive: true));
        Assert.Equal(_v2.Event(5), restarted.Event(5));
        Assert.Equal(_v2.Replica.State.Current.V2.NextExpiryUnixNanos, restarted.Replica.State.Current.V2.NextExpiryUnixNanos);
        Assert.StartsWith("7 ", restarted.Write(Operation.Set, "/a/d", "3"), StringComparison.Ordinal);
    }

    [Fact]
    public void Option_InitialIndex_DecidesTheFirstIndex()
    {
        var v2 = new V2Session { Replica = new(options: new() { InitialV2Index = 7 }) };
        Assert.StartsWith("8 ", v2.Write(Operation.Set, "/a", "1"), StringComparison.Ordinal);
    }

    private string Matching(string path, V2History.Scope scope) => string.Join(' ', V2History.Read(
        _v2.Replica.State, path, scope, 4, long.MaxValue, int.MaxValue).Revisions.Select(static revision => revision.Revision));
}
