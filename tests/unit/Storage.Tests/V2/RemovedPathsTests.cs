using System.Text;
using Storage.Contracts;
using Storage.Core.V2;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.V2;

/// <summary>Goal: the event of a removed directory says which nodes went with it, however it is kept. Method: lists made, read back and damaged; trees removed and expired.</summary>
public class RemovedPathsTests
{
    [Fact]
    public void Of_Paths_AreReadBackInByteOrder()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var paths = Enumerable.Range(0, random.Next(40)).Select(_ => string.Join('/', Enumerable.Range(0, 1 + random.Next(4)).Select(_ => new string("aéb"[random.Next(3)], 1 + random.Next(200)))))
                .Distinct().ToList();
            var list = RemovedPaths.Of(Utf8(paths))!;
            Assert.Equal(paths.Order(StringComparer.Ordinal), Shown(list));
            Assert.Equal(Shown(list), Shown(RemovedPaths.Read(list.Encoded)!));
            Assert.All(paths, path => Assert.True(list.Contains(Encoding.UTF8.GetBytes(path))));
            Assert.All(paths, path => Assert.Equal(paths.Contains(path + "b"), list.Contains(Encoding.UTF8.GetBytes(path + "b"))));
        }
    }

    [Fact]
    public void Of_ManyPaths_TakesWhatTheirNamesTakeAndGivesUpBeyondTheBound()
    {
        var deep = Enumerable.Range(1, 1000).Select(static levels => string.Join('/', Enumerable.Repeat("name", levels))).ToList();
        Assert.InRange(RemovedPaths.Of(Utf8(deep))!.Encoded.Length, 5_000, 9_000);
        Assert.Null(RemovedPaths.Of(Utf8([new string('x', RemovedPaths.MostBytes)])));
        Assert.Null(RemovedPaths.Of([.. Enumerable.Repeat((byte[])[1], RemovedPaths.MostPaths + 1)]));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("80")]
    [InlineData("0161")]
    [InlineData("000261")]
    [InlineData("000161020162")]
    [InlineData("8080808000")]
    public void Read_NoSuchList_IsToldApart(string hex) => Assert.Null(RemovedPaths.Read(Convert.FromHexString(hex)));

    [Fact]
    public void Remove_Directory_SaysWhatWentWithIt()
    {
        var s = new V2Session();
        s.Write(Operation.Set, "/d/e/k");
        s.Write(Operation.Set, "/d/_h/k");
        s.Write(Operation.Create, "/d/empty", dir: true);
        s.Write(Operation.Set, "/dx");
        s.Write(Operation.Delete, "/d", recursive: true);
        Assert.Equal(["_h", "_h/k", "e", "e/k", "empty"], Shown(Removed(s)!));
        s.Write(Operation.Delete, "/dx");
        Assert.Null(Removed(s));

        s.Write(Operation.Create, "/f", dir: true, expires: "2026-11-22T00:00:10Z");
        s.Write(Operation.Set, "/f/k");
        s.Expire("2026-11-22T00:00:11Z");
        Assert.Equal(["k"], Shown(Removed(s)!));
        s.Write(Operation.Create, "/g", dir: true);
        s.Write(Operation.Delete, "/g", dir: true);
        Assert.Empty(Shown(Removed(s)!));
    }

    [Fact]
    public void Encode_Event_IsReadBackWithAndWithoutAList()
    {
        var path = "/d"u8.ToArray();
        foreach (var list in (RemovedPaths?[])[null, RemovedPaths.None, RemovedPaths.Of(Utf8(["a", "b"]))])
        {
            var kind = FeedEventKind.Delete | FeedEventKind.Directory;
            var back = V2Event.Decode(new V2Event(path, kind, "{}"u8.ToArray(), null, list).Encode());
            Assert.Equal((kind, "/d", "{}"), (back.Kind, Encoding.UTF8.GetString(back.Path), Encoding.UTF8.GetString(back.Json)));
            Assert.Equal(list is null ? null : Shown(list), back.Removed is null ? null : Shown(back.Removed));
        }
    }

    // Of the newest event.
    private static RemovedPaths? Removed(V2Session s)
    {
        var index = s.Replica.State.Current.V2.Index;
        return V2History.Read(s.Replica.State, "/", V2History.Scope.Everything, index, index + 1, 1).Revisions.Single().Events.Single().Removed;
    }

    private static List<byte[]> Utf8(IEnumerable<string> paths) => [.. paths.Select(Encoding.UTF8.GetBytes)];

    private static List<string> Shown(RemovedPaths list)
    {
        var paths = new List<string>();
        var cursor = list.GetCursor();
        while (cursor.MoveNext())
            paths.Add(Encoding.UTF8.GetString(cursor.Current));
        return paths;
    }
}
