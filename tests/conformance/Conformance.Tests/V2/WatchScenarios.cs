using Conformance.Harness;

namespace Conformance.V2;

/// <summary>Long polls, streams, history and expiry (v2-api §4.6, §5).</summary>
internal static class WatchScenarios
{
    // What lives shortly is watched, or written below, before it ends: also where a write waits long for its disk.
    private const int ShortTtl = 3;

    public static IEnumerable<Scenario<V2Session>> All()
    {
        yield return new("v2-watch/long-poll", LongPoll);
        yield return new("v2-watch/every-action", EveryAction);
        yield return new("v2-watch/missing-key", MissingKey);
        yield return new("v2-watch/recursive", Recursive);
        yield return new("v2-watch/not-recursive", NotRecursive);
        yield return new("v2-watch/past-index", PastIndex);
        yield return new("v2-watch/future-index", FutureIndex);
        yield return new("v2-watch/stream", Stream);
        yield return new("v2-watch/stream-past-index", StreamPast);
        yield return new("v2-watch/hidden", HiddenKeys);
        yield return new("v2-watch/ancestor-deleted", AncestorDeleted);
        yield return new("v2-watch/refresh-wakes-nobody", RefreshWakesNobody);
        yield return new("v2-watch/expiry", Expiry);
        yield return new("v2-watch/directory-expiry", DirectoryExpiry);
        yield return new("v2-watch/ttl-zero", TtlZero);
        yield return new("v2-watch/expiry-order", ExpiryOrder);
        yield return new("v2-watch/root", Root);
        yield return new("v2-watch/file-in-the-path", FileInPath);
        yield return new("v2-watch/outdated-index", OutdatedIndex);
        yield return new("v2-watch/hidden-in-a-stream", HiddenInAStream);
        yield return new("v2-watch/hidden-in-history-and-after", HiddenInHistoryAndAfter);
        yield return new("v2-watch/hidden-directory-removed", HiddenDirectoryRemoved);
        yield return new("v2-watch/ancestor-deleted-in-history", AncestorDeletedInHistory);
        yield return new("v2-watch/past-index-of-another-key", PastIndexOfAnotherKey);
        yield return new("v2-watch/recursive-on-a-file", RecursiveOnAFile);
        yield return new("v2-watch/slash-at-the-end", SlashAtTheEnd);
        yield return new("v2-watch/stream-from-the-future", StreamFromTheFuture);
        yield return new("v2-watch/removed-above-what-was-not-there", RemovedAboveWhatWasNotThere);
        yield return new("v2-watch/expired-above-what-was-not-there", ExpiredAboveWhatWasNotThere);
    }

    private static async Task LongPoll(V2Session s)
    {
        using var watch = await s.Watch("/k?wait=true");
        await s.Put("/k", "value=1");
        await watch.Read();
        await watch.Read();
    }

    private static async Task EveryAction(V2Session s)
    {
        using var watch = await s.Watch("/k?wait=true&stream=true");
        await s.Put("/k", "value=1");
        await watch.Read();
        await s.Put("/k", "value=2");
        await watch.Read();
        await s.Put("/k?prevExist=true", "value=3");
        await watch.Read();
        await s.Put("/k?prevValue=3", "value=4");
        await watch.Read();
        await s.Delete("/k?prevValue=4");
        await watch.Read();
        await s.Put("/k?prevExist=false", "value=5&ttl=100");
        await watch.Read();
        await s.Delete("/k");
        await watch.Read();
    }

    private static async Task MissingKey(V2Session s)
    {
        using var watch = await s.Watch("/deep/down/k?wait=true");
        await s.Put("/deep", "value=a file first");
        await s.Delete("/deep");
        await s.Put("/deep/down/k", "value=1");
        await watch.Read();
        await watch.Read();
    }

    private static async Task Recursive(V2Session s)
    {
        using var watch = await s.Watch("/d?wait=true&recursive=true&stream=true");
        await s.Put("/other", "value=x");
        await s.Put("/d/a", "value=1");
        await watch.Read();
        await s.Put("/d/b/c", "value=2");
        await watch.Read();
        await s.Post("/d/q", "value=3");
        await watch.Read();
        await s.Put("/dx", "value=x");
        await s.Delete("/d/b?recursive=true");
        await watch.Read();
    }

    private static async Task NotRecursive(V2Session s)
    {
        await s.Put("/d/a", "value=0");
        using var watch = await s.Watch("/d?wait=true");
        await s.Put("/d/a", "value=1");
        await s.Delete("/d?recursive=true");
        await watch.Read();
        await watch.Read();
    }

    private static async Task PastIndex(V2Session s)
    {
        await s.Put("/k", "value=1");
        await s.Put("/other", "value=x");
        await s.Put("/k", "value=2");
        await s.Delete("/k");
        for (var distance = 1; distance <= 4; distance++)
        {
            using var watch = await s.Watch($"/k?wait=true&waitIndex={s.Idx(distance)}");
            await watch.Read();
        }
        using var all = await s.Watch($"/?wait=true&recursive=true&waitIndex={s.Idx(2)}");
        await all.Read();
    }

    private static async Task FutureIndex(V2Session s)
    {
        using var watch = await s.Watch($"/k?wait=true&waitIndex={s.Idx(3)}");
        await s.Put("/k", "value=1");
        await s.Put("/k", "value=2");
        await s.Put("/k", "value=3");
        await watch.Read();
        using var now = await s.Watch("/k?wait=true&waitIndex=0");
        await s.Put("/k", "value=4");
        await now.Read();
    }

    private static async Task Stream(V2Session s)
    {
        using var watch = await s.Watch("/k?wait=true&stream=true");
        for (var i = 0; i < 5; i++)
            await s.Put("/k", $"value={i}");
        for (var i = 0; i < 5; i++)
            await watch.Read();
    }

    private static async Task StreamPast(V2Session s)
    {
        await s.Put("/k", "value=1");
        await s.Put("/k", "value=2");
        using var watch = await s.Watch($"/k?wait=true&stream=true&waitIndex={s.Idx(1)}");
        await watch.Read();
    }

    private static async Task HiddenKeys(V2Session s)
    {
        using var live = await s.Watch("/d?wait=true&recursive=true");
        using var direct = await s.Watch("/d/_h?wait=true");
        await s.Put("/d/_h", "value=1");
        await s.Put("/d/_dir/x", "value=2");
        await s.Put("/d/seen", "value=3");
        await live.Read();
        await direct.Read();
        using var history = await s.Watch($"/d?wait=true&recursive=true&waitIndex={s.Idx(1)}");
        await history.Read();
    }

    private static async Task AncestorDeleted(V2Session s)
    {
        await s.Put("/d/e/k", "value=1");
        using var key = await s.Watch("/d/e/k?wait=true");
        using var below = await s.Watch("/d/e?wait=true&recursive=true");
        await s.Delete("/d?recursive=true");
        await key.Read();
        await below.Read();
    }

    private static async Task RefreshWakesNobody(V2Session s)
    {
        await s.Put("/k", "value=1&ttl=100");
        using var watch = await s.Watch("/k?wait=true");
        await s.Put("/k?refresh=true&prevExist=true", "ttl=200");
        await s.Put("/k", "value=2");
        await watch.Read();
        using var history = await s.Watch($"/k?wait=true&waitIndex={s.Idx(2)}");
        await history.Read();
    }

    private static async Task Expiry(V2Session s)
    {
        await s.Put("/k", $"value=1&ttl={ShortTtl}");
        using var watch = await s.Watch("/k?wait=true");
        await watch.Read();
        await s.Get("/k");
        await s.Put("/k?prevExist=true", "value=2");
        using var history = await s.Watch($"/k?wait=true&waitIndex={s.Idx(2)}");
        await history.Read();
    }

    private static async Task DirectoryExpiry(V2Session s)
    {
        using var watch = await s.Watch("/?wait=true&recursive=true&stream=true");
        await s.Put("/d?dir=true", $"ttl={ShortTtl}");
        await watch.Read();
        await s.Put("/d/a/b", "value=1");
        await watch.Read();
        using var key = await s.Watch("/d/a/b?wait=true");
        await watch.Read();
        await key.Read();
        await s.Get("/d");
    }

    private static async Task TtlZero(V2Session s)
    {
        using var watch = await s.Watch("/k?wait=true&stream=true");
        await s.Put("/k", "value=1&ttl=0");
        await watch.Read();
        await watch.Read();
        await s.Get("/k");
    }

    private static async Task ExpiryOrder(V2Session s)
    {
        using var watch = await s.Watch("/?wait=true&recursive=true&stream=true");
        await s.Put("/b", $"value=1&ttl={ShortTtl * 3}");
        await s.Put("/a", $"value=1&ttl={ShortTtl}");
        await s.Put("/c", $"value=1&ttl={ShortTtl}");
        for (var i = 0; i < 6; i++)
            await watch.Read();
        await s.Get("/");
    }

    private static async Task Root(V2Session s)
    {
        using var watch = await s.Watch("?wait=true&recursive=true");
        await s.Put("/anything", "value=1");
        await watch.Read();
    }

    private static async Task FileInPath(V2Session s)
    {
        await s.Put("/file", "value=1");
        using var watch = await s.Watch("/file/below?wait=true");
        await s.Put("/file", "value=2");
        await s.Delete("/file");
        await s.Put("/file/below", "value=3");
        await watch.Read();
    }

    private static async Task OutdatedIndex(V2Session s)
    {
        await s.Put("/k", "value=old");
        await s.WriteManyAsync(1000, "/many");
        await s.Get($"/k?wait=true&waitIndex={s.Idx(1)}");
        await s.Get($"/k?wait=true&waitIndex={s.Idx(1)}&stream=true");
        await s.Get($"/k?wait=true&waitIndex={s.Idx(1)}&recursive=true");
        using var oldest = await s.Watch($"/?recursive=true&wait=true&waitIndex={s.Idx(2)}");
    }

    private static async Task HiddenInAStream(V2Session s)
    {
        using var root = await s.Watch("/?wait=true&recursive=true&stream=true");
        using var hidden = await s.Watch("/d/_h?wait=true&recursive=true&stream=true");
        await s.Put("/d/_h/a", "value=1");
        await s.Put("/d/a", "value=2");
        await s.Put("/d/_h/_b/c", "value=3");
        await s.Put("/_e/f/g", "value=4");
        await s.Put("/d/h_", "value=5");
        await s.Delete("/d/_h?recursive=true");
        await s.Put("/d/last", "value=6");
        for (var i = 0; i < 3; i++)
            await root.Read();
        for (var i = 0; i < 2; i++)
            await hidden.Read();
    }

    // What was there when the watch began is history, where nothing is hidden; what an index of the future names is not.
    private static async Task HiddenInHistoryAndAfter(V2Session s)
    {
        await s.Put("/d/a", "value=1");
        await s.Put("/d/_h", "value=2");
        using var history = await s.Watch($"/d?wait=true&recursive=true&waitIndex={s.Idx(2)}");
        await history.Read();
        using var behind = await s.Watch($"/d?wait=true&recursive=true&waitIndex={s.Idx(3)}");
        using var future = await s.Watch($"/d?wait=true&recursive=true&waitIndex={s.Idx(4)}");
        await s.Put("/d/_h", "value=3");
        await s.Put("/d/_h", "value=4");
        await s.Put("/d/_dir/x", "value=5");
        await s.Put("/d/b", "value=6");
        await behind.Read();
        await future.Read();
    }

    private static async Task HiddenDirectoryRemoved(V2Session s)
    {
        await s.Put("/_h/d/k", "value=1");
        using var root = await s.Watch("/?wait=true&recursive=true");
        using var key = await s.Watch("/_h/d/k?wait=true");
        using var directory = await s.Watch("/_h/d?wait=true&recursive=true");
        await s.Delete("/_h?recursive=true");
        await s.Put("/seen", "value=2");
        await key.Read();
        await directory.Read();
        await root.Read();
    }

    private static async Task AncestorDeletedInHistory(V2Session s)
    {
        await s.Put("/d/e/k", "value=1");
        await s.Put("/dx", "value=1");
        await s.Delete("/d?recursive=true");
        await s.Put("/d/e/k", "value=2");
        await s.Put("/dx", "value=2");
        foreach (var path in (string[])["/d/e/k", "/d/e", "/d/e/missing", "/d", "/dx"])
        {
            using var watch = await s.Watch($"{path}?wait=true&waitIndex={s.Idx(3)}");
            await watch.Read();
        }
    }

    private static async Task PastIndexOfAnotherKey(V2Session s)
    {
        await s.Put("/other", "value=1");
        await s.Put("/d/k", "value=2");
        await s.Put("/other", "value=3");
        using var later = await s.Watch($"/d/k?wait=true&waitIndex={s.Idx(1)}");
        await later.Read();
        using var none = await s.Watch($"/d/k?wait=true&waitIndex={s.Idx(3)}");
        await s.Put("/d/k", "value=4");
        await none.Read();
        using var directory = await s.Watch($"/d?wait=true&waitIndex={s.Idx(1)}");
        await s.Delete("/d?recursive=true");
        await directory.Read();
    }

    private static async Task RecursiveOnAFile(V2Session s)
    {
        await s.Put("/k", "value=1");
        using var watch = await s.Watch("/k?wait=true&recursive=true&stream=true");
        await s.Put("/kk", "value=x");
        await s.Put("/k", "value=2");
        await watch.Read();
        await s.Delete("/k");
        await watch.Read();
        await s.Put("/k/now/a/directory", "value=3");
        await watch.Read();
    }

    private static async Task SlashAtTheEnd(V2Session s)
    {
        using var all = await s.Watch("/d/?wait=true&recursive=true");
        using var node = await s.Watch("//d//e/?wait=true");
        await s.Put("/d/e", "value=1");
        await all.Read();
        await node.Read();
    }

    private static async Task StreamFromTheFuture(V2Session s)
    {
        using var watch = await s.Watch($"/d?wait=true&recursive=true&stream=true&waitIndex={s.Idx(3)}");
        for (var i = 1; i <= 5; i++)
            await s.Put($"/d/k{i}", $"value={i}");
        for (var i = 3; i <= 5; i++)
            await watch.Read();
    }

    // Who watches a path that never was hears of its creation, and of no directory that went before.
    private static async Task RemovedAboveWhatWasNotThere(V2Session s)
    {
        await s.Put("/d/e/k", "value=1");
        await s.Put("/d/gone", "value=1");
        await s.Delete("/d/gone");
        using var missing = await s.Watch("/d/e/missing?wait=true");
        using var deeper = await s.Watch("/d/x/y?wait=true&recursive=true&stream=true");
        using var gone = await s.Watch("/d/gone?wait=true");
        using var belowAKey = await s.Watch("/d/e/k/below?wait=true&recursive=true");
        using var there = await s.Watch("/d/e?wait=true&recursive=true&stream=true");
        await s.Delete("/d?recursive=true");
        await there.Read();
        await s.Put("/d/e/missing", "value=2");
        await s.Put("/d/x/y/z", "value=3");
        await s.Put("/d/gone", "value=4");
        await s.Put("/d/e/k/below/that", "value=5");
        foreach (var watch in new[] { missing, deeper, gone, belowAKey, there })
            await watch.Read();
        using var history = await s.Watch($"/d/never?wait=true&waitIndex={s.Idx(4)}");
        await history.Read();
    }

    private static async Task ExpiredAboveWhatWasNotThere(V2Session s)
    {
        await s.Put("/d?dir=true", $"ttl={ShortTtl}");
        await s.Put("/d/k", "value=1");
        using var missing = await s.Watch("/d/missing?wait=true");
        using var key = await s.Watch("/d/k?wait=true");
        await key.Read();
        await s.Put("/d/missing", "value=2");
        await missing.Read();
    }
}
