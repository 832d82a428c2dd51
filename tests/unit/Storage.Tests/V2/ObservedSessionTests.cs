using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.V2;

/// <summary>
/// Goal: what a fresh single etcd member answered, recorded in one session, is what comes out here, byte for byte. Method: the same
/// requests in the same order, with the clock of the recording.
/// </summary>
public sealed class ObservedSessionTests
{
    [Fact]
    public void Session_OfAFreshMember_AnswersTheSameBytes()
    {
        var v2 = new V2Session();
        v2.At("2026-11-22T13:10:16.727971238Z");
        Assert.Equal("""3 {"action":"get","node":{"dir":true}}""", v2.Get("/"));
        Assert.Equal(
            """4 {"action":"set","node":{"key":"/message","value":"Hello world","modifiedIndex":4,"createdIndex":4}}""",
            v2.Write(Operation.Set, "/message", "Hello world"));
        Assert.Equal(1, v2.LastResult.Detail);
        Assert.Equal("""4 {"action":"get","node":{"key":"/message","value":"Hello world","modifiedIndex":4,"createdIndex":4}}""", v2.Get("/message"));
        Assert.Equal(
            """5 {"action":"set","node":{"key":"/message","value":"Hello etcd","modifiedIndex":5,"createdIndex":5},"prevNode":{"key":"/message","value":"Hello world","modifiedIndex":4,"createdIndex":4}}""",
            v2.Write(Operation.Set, "/message", "Hello etcd"));
        Assert.Equal(0, v2.LastResult.Detail);
        Assert.Equal(
            """6 {"action":"delete","node":{"key":"/message","modifiedIndex":6,"createdIndex":5},"prevNode":{"key":"/message","value":"Hello etcd","modifiedIndex":5,"createdIndex":5}}""",
            v2.Write(Operation.Delete, "/message"));
        Assert.Equal("6 100 /message", v2.Get("/message"));

        Assert.Equal(
            """7 {"action":"set","node":{"key":"/foo","value":"bar","expiration":"2026-11-22T13:10:21.727971238Z","ttl":5,"modifiedIndex":7,"createdIndex":7}}""",
            v2.Write(Operation.Set, "/foo", "bar", expires: "2026-11-22T13:10:21.727971238Z"));
        v2.At("2026-11-22T13:10:16.737Z");
        Assert.Equal(
            """8 {"action":"update","node":{"key":"/foo","value":"bar","modifiedIndex":8,"createdIndex":7},"prevNode":{"key":"/foo","value":"bar","expiration":"2026-11-22T13:10:21.727971238Z","ttl":5,"modifiedIndex":7,"createdIndex":7}}""",
            v2.Write(Operation.Update, "/foo", "bar"));
        v2.At("2026-11-22T13:10:16.746815409Z");
        Assert.Equal(
            """9 {"action":"update","node":{"key":"/foo","value":"bar","expiration":"2026-11-22T13:10:18.746815409Z","ttl":2,"modifiedIndex":9,"createdIndex":7},"prevNode":{"key":"/foo","value":"bar","modifiedIndex":8,"createdIndex":7}}""",
            v2.Write(Operation.Update, "/foo", expires: "2026-11-22T13:10:18.746815409Z", refresh: true));
        Assert.Equal("9", v2.Expire("2026-11-22T13:10:18.746815408Z"));
        Assert.Equal("10", v2.Expire("2026-11-22T13:10:19.101Z"));
        Assert.Equal(
            """{"action":"expire","node":{"key":"/foo","modifiedIndex":10,"createdIndex":7},"prevNode":{"key":"/foo","value":"bar","expiration":"2026-11-22T13:10:18.746815409Z","modifiedIndex":9,"createdIndex":7}}""",
            v2.Event(10));
        Assert.Equal("10 100 /foo", v2.Get("/foo"));

        Assert.Equal(
            """11 {"action":"create","node":{"key":"/queue/00000000000000000011","value":"Job1","modifiedIndex":11,"createdIndex":11}}""",
            v2.Write(Operation.CreateInOrder, "/queue", "Job1"));
        Assert.Equal(
            """12 {"action":"create","node":{"key":"/queue/00000000000000000012","value":"Job2","modifiedIndex":12,"createdIndex":12}}""",
            v2.Write(Operation.CreateInOrder, "/queue", "Job2"));
        Assert.Equal(
            """12 {"action":"get","node":{"key":"/queue","dir":true,"nodes":[{"key":"/queue/00000000000000000011","value":"Job1","modifiedIndex":11,"createdIndex":11},{"key":"/queue/00000000000000000012","value":"Job2","modifiedIndex":12,"createdIndex":12}],"modifiedIndex":11,"createdIndex":11}}""",
            v2.Get("/queue", recursive: true));

        v2.At("2026-11-22T13:10:19.300771529Z");
        Assert.Equal(
            """13 {"action":"set","node":{"key":"/dir","dir":true,"expiration":"2026-11-22T13:10:49.300771529Z","ttl":30,"modifiedIndex":13,"createdIndex":13}}""",
            v2.Write(Operation.Set, "/dir", dir: true, expires: "2026-11-22T13:10:49.300771529Z"));
        v2.At("2026-11-22T13:10:19.309480519Z");
        Assert.Equal(
            """14 {"action":"update","node":{"key":"/dir","dir":true,"expiration":"2026-11-22T13:10:49.309480519Z","ttl":30,"modifiedIndex":14,"createdIndex":13},"prevNode":{"key":"/dir","dir":true,"expiration":"2026-11-22T13:10:49.300771529Z","ttl":30,"modifiedIndex":13,"createdIndex":13}}""",
            v2.Write(Operation.Update, "/dir", dir: true, expires: "2026-11-22T13:10:49.309480519Z"));
        Assert.Equal("""15 {"action":"set","node":{"key":"/foo","value":"one","modifiedIndex":15,"createdIndex":15}}""", v2.Write(Operation.Set, "/foo", "one"));
        Assert.Equal("15 105 /foo", v2.Write(Operation.Create, "/foo", "three"));
        Assert.Equal("15 101 [two != one]", v2.Write(Operation.CompareAndSwap, "/foo", "three", prevValue: "two"));
        Assert.Equal("15 101 [2 != 15]", v2.Write(Operation.CompareAndSwap, "/foo", "three", prevIndex: 2));
        Assert.Equal("15 101 [two != one] [2 != 15]", v2.Write(Operation.CompareAndSwap, "/foo", "three", prevValue: "two", prevIndex: 2));
        Assert.Equal(
            """16 {"action":"compareAndSwap","node":{"key":"/foo","value":"two","modifiedIndex":16,"createdIndex":15},"prevNode":{"key":"/foo","value":"one","modifiedIndex":15,"createdIndex":15}}""",
            v2.Write(Operation.CompareAndSwap, "/foo", "two", prevValue: "one"));
        Assert.Equal("""17 {"action":"compareAndSwap"}""", v2.Write(Operation.CompareAndSwap, "/foo", "three", prevValue: "two", noValue: true));
        Assert.Equal("17 101 [two != three]", v2.Write(Operation.CompareAndDelete, "/foo", prevValue: "two"));
        Assert.Equal("17 101 [1 != 17]", v2.Write(Operation.CompareAndDelete, "/foo", prevIndex: 1));
        Assert.Equal(
            """18 {"action":"compareAndDelete","node":{"key":"/foo","modifiedIndex":18,"createdIndex":15},"prevNode":{"key":"/foo","value":"three","modifiedIndex":17,"createdIndex":15}}""",
            v2.Write(Operation.CompareAndDelete, "/foo", prevValue: "three"));

        Assert.Equal("""19 {"action":"set","node":{"key":"/dir2","dir":true,"modifiedIndex":19,"createdIndex":19}}""", v2.Write(Operation.Set, "/dir2", dir: true));
        Assert.Equal(
            """20 {"action":"set","node":{"key":"/dir2/a/b","value":"x","modifiedIndex":20,"createdIndex":20}}""", v2.Write(Operation.Set, "/dir2/a/b", "x"));
        // The recording lists the root's children in Go's random order; here they are sorted. One TTL is shown as in the recording.
        Assert.Equal(
            """20 {"action":"get","node":{"dir":true,"nodes":[{"key":"/dir","dir":true,"expiration":"2026-11-22T13:10:49.309480519Z","ttl":30,"modifiedIndex":13,"createdIndex":13},{"key":"/dir2","dir":true,"modifiedIndex":19,"createdIndex":19},{"key":"/queue","dir":true,"modifiedIndex":11,"createdIndex":11}]}}""",
            v2.Get("/"));
        Assert.Equal(
            """20 {"action":"get","node":{"key":"/dir2","dir":true,"nodes":[{"key":"/dir2/a","dir":true,"nodes":[{"key":"/dir2/a/b","value":"x","modifiedIndex":20,"createdIndex":20}],"modifiedIndex":20,"createdIndex":20}],"modifiedIndex":19,"createdIndex":19}}""",
            v2.Get("/dir2", recursive: true));
        Assert.Equal("20 102 /dir2", v2.Write(Operation.Delete, "/dir2"));
        Assert.Equal("20 108 /dir2", v2.Write(Operation.Delete, "/dir2", dir: true));
        Assert.Equal(
            """21 {"action":"delete","node":{"key":"/dir2","dir":true,"modifiedIndex":21,"createdIndex":19},"prevNode":{"key":"/dir2","dir":true,"modifiedIndex":19,"createdIndex":19}}""",
            v2.Write(Operation.Delete, "/dir2", recursive: true));
        Assert.Equal("21 100 /dir2", v2.Get("/dir2"));
        Assert.Equal("""22 {"action":"set","node":{"key":"/_hidden","value":"h","modifiedIndex":22,"createdIndex":22}}""", v2.Write(Operation.Set, "/_hidden", "h"));
        Assert.Equal("""22 {"action":"get","node":{"key":"/_hidden","value":"h","modifiedIndex":22,"createdIndex":22}}""", v2.Get("/_hidden"));
        Assert.Equal("""23 {"action":"set","node":{"key":"/f","value":"1","modifiedIndex":23,"createdIndex":23}}""", v2.Write(Operation.Set, "/f", "1"));
        Assert.Equal("23 104 /f", v2.Write(Operation.Set, "/f/g", "1"));
        Assert.Equal("23 104 /f", v2.Get("/f/g"));
        Assert.Equal(
            """24 {"action":"set","node":{"key":"/f","dir":true,"modifiedIndex":24,"createdIndex":24},"prevNode":{"key":"/f","value":"1","modifiedIndex":23,"createdIndex":23}}""",
            v2.Write(Operation.Set, "/f", dir: true));
        Assert.Equal("24 107 /", v2.Write(Operation.Set, "/", "x"));
        Assert.Equal("24 107 /", v2.Write(Operation.Delete, "/", recursive: true));
        Assert.Equal("24 100 /nope", v2.Write(Operation.Set, "/nope", expires: "2026-11-22T13:10:30Z", refresh: true));
    }
}
