using System.Text;
using System.Text.Json;
using Standalone.V2;

namespace Hosting.Tests.V2;

/// <summary>Goal: answers of v2 key spaces are understood, and what is none is told apart. Method: bodies in, answers or refusals out.</summary>
public sealed class V2AnswerTests
{
    private static V2Answer Read(string body) => V2Answer.Read(Encoding.UTF8.GetBytes(body), 7);

    [Fact]
    public void Read_Tree_HasValuesDirectoriesAndEnds()
    {
        var answer = Read(
            """
            {"action":"get","node":{"key":"/d","dir":true,"nodes":[
              {"key":"/d/empty","value":"","modifiedIndex":5,"createdIndex":4,"expiration":"2026-11-22T13:10:21.727971238Z","ttl":5},
              {"key":"/d/sub","dir":true,"modifiedIndex":6,"createdIndex":6}],"modifiedIndex":3,"createdIndex":3}}
            """);
        Assert.Equal(("get", 7UL, true, "d"), (answer.Action, answer.Index, answer.Node.IsDirectory, answer.Node.Name));
        var (file, directory) = (answer.Node.Nodes[0], answer.Node.Nodes[1]);
        Assert.Equal(("", "empty", 4UL, 5UL), (file.Value, file.Name, file.CreatedIndex, file.ModifiedIndex));
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 13, 10, 21, TimeSpan.Zero), file.Expiration!.Value.AddTicks(-(file.Expiration.Value.Ticks % TimeSpan.TicksPerSecond)));
        Assert.Equal((true, null), (directory.IsDirectory, directory.Expiration));
    }

    [Fact]
    public void Read_Root_HasNoKey() => Assert.Equal("", Read("""{"action":"get","node":{"dir":true}}""").Node.Key);

    [Theory]
    [InlineData("")]
    [InlineData("404 page not found")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"action":"get","node":[]}""")]
    [InlineData("""{"action":"get","node":{"dir":true,"nodes":[1]}}""")]
    [InlineData("""{"action":"get","node":{"key":"/\ud800","value":"x"}}""")]
    public void Read_WhatIsNoAnswer_IsToldApart(string body) => Assert.ThrowsAny<JsonException>(() => Read(body));

    [Fact]
    public void ReadError_Refusal_PrintsAsEtcdsClientPrintsIt() =>
        Assert.Equal(
            "100: Key not found (/discovery) [3]",
            V2Answer.ReadError("""{"errorCode":100,"message":"Key not found","cause":"/discovery","index":3}"""u8.ToArray()).ToString());

    [Theory]
    [InlineData("", "/")]
    [InlineData("/a/b", "a//b/")]
    public void Clean_Path_HasASlashInFrontAndNoneAtTheEnd(string clean, string path) => Assert.Equal(clean, KeyPath.Clean(path));

    [Fact]
    public void Escaped_Path_KeepsItsSlashesOnly() => Assert.Equal("/a%2Bb/%C3%A9%20%3F%23%25", KeyPath.Escaped("/a+b/é ?#%"));
}
