using Conformance.Harness;

namespace Conformance.V2;

/// <summary>/v2/stats (v2-api §8).</summary>
internal static class StatsScenarios
{
    private static readonly string[] s_paths = ["/v2/stats/self", "/v2/stats/leader", "/v2/stats/store"];

    public static IEnumerable<Scenario<V2Session>> All()
    {
        yield return new("v2-stats/self", s => s.Send("GET", "/v2/stats/self"));
        yield return new("v2-stats/leader", s => s.Send("GET", "/v2/stats/leader"));
        yield return new("v2-stats/methods", async s =>
        {
            foreach (var path in s_paths)
            {
                foreach (var method in (string[])["HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
                    await s.Send(method, path);
                await s.Send("GET", path + "/");
            }
        });
        yield return new("v2-stats/sets-and-gets", async s =>
        {
            await s.Counted("set", () => s.Put("/a", "value=1"));
            await s.Counted("set over it", () => s.Put("/a", "value=2"));
            await s.Counted("get", () => s.Get("/a"));
            await s.Counted("get of nothing", () => s.Get("/b"));
            await s.Counted("get with quorum", () => s.Get("/a?quorum=true"));
            await s.Counted("head", () => s.Send("HEAD", "/v2/keys/a"));
            await s.Counted("set below a file", () => s.Put("/a/b", "value=2"));
            await s.Counted("set of a directory", () => s.Put("/d", "dir=true"));
            await s.Counted("set of a value there", () => s.Put("/d", "value=1"));
            await s.Counted("set of the root", () => s.Put("/", "value=1"));
            await s.Counted("refresh of nothing", () => s.Put("/none", "refresh=true&ttl=5"));
            await s.Counted("an invalid request", () => s.Put("/a", "ttl=x"));
        });
        yield return new("v2-stats/other-writes", async s =>
        {
            await s.Counted("create", () => s.Put("/c?prevExist=false", "value=1"));
            await s.Counted("create again", () => s.Put("/c?prevExist=false", "value=1"));
            await s.Counted("create the root", () => s.Put("/?prevExist=false", "value=1"));
            await s.Counted("in order", () => s.Post("/q", "value=1"));
            await s.Counted("in order below a file", () => s.Post("/c", "value=1"));
            await s.Counted("update", () => s.Put("/c?prevExist=true", "value=2"));
            await s.Counted("update of nothing", () => s.Put("/none?prevExist=true", "value=2"));
            await s.Counted("update of the root", () => s.Put("/?prevExist=true", "value=2"));
            await s.Counted("swap", () => s.Put("/c?prevValue=2", "value=3"));
            await s.Counted("swap of another", () => s.Put("/c?prevValue=2", "value=3"));
            await s.Counted("swap of nothing", () => s.Put("/none?prevValue=2", "value=3"));
            await s.Counted("swap of a directory", () => s.Put("/q?prevValue=2", "value=3"));
            await s.Counted("swap of the root", () => s.Put("/?prevValue=2", "value=3"));
        });
        yield return new("v2-stats/deletes", async s =>
        {
            await s.Put("/d/f", "value=1");
            await s.Counted("delete of a directory", () => s.Delete("/d"));
            await s.Counted("delete of one that is not empty", () => s.Delete("/d?dir=true"));
            await s.Counted("delete of nothing", () => s.Delete("/none"));
            await s.Counted("delete of the root", () => s.Delete("/?recursive=true"));
            await s.Counted("compare and delete of another", () => s.Delete("/d/f?prevValue=2"));
            await s.Counted("compare and delete of nothing", () => s.Delete("/none?prevValue=2"));
            await s.Counted("compare and delete below a file", () => s.Delete("/d/f/g?prevValue=2"));
            await s.Counted("compare and delete of a directory", () => s.Delete("/d?prevValue=2"));
            await s.Counted("compare and delete of the root", () => s.Delete("/?prevValue=2"));
            await s.Counted("compare and delete", () => s.Delete("/d/f?prevValue=1"));
            await s.Counted("delete of all", () => s.Delete("/d?recursive=true"));
        });
        yield return new("v2-stats/expiry-and-watchers", async s =>
        {
            await s.Counted("a node that expires", async () =>
            {
                using var watch = await s.Watch("/t?wait=true&waitIndex=" + s.Idx(2));
                await s.Put("/t", "value=1&ttl=1");
                await watch.Read();
                await watch.Read();
            });
            V2Watch? waiting = null;
            await s.Counted("a watch that waits", async () => waiting = await s.Watch("/w?wait=true"));
            await s.Counted("what it waits for", async () =>
            {
                await s.Put("/w", "value=1");
                await waiting!.Read();
                await waiting.Read();
            });
            waiting?.Dispose();
        });
    }
}
