using Conformance.Harness;

namespace Conformance.V2;

/// <summary>Reads and writes of <c>/v2/keys</c>: bodies, codes, headers, indexes (v2-api §3, §4, §14).</summary>
internal static class KeysScenarios
{
    // What a key can be before a request meets it (v2-api §4.2, §4.5).
    private static readonly string[] s_situations = ["file", "empty", "full", "missing", "deep/missing", "file/below", "ttl"];

    public static IEnumerable<Scenario<V2Session>> All()
    {
        yield return new("v2/observed-session", ObservedSession);
        yield return new("v2/set-get-delete", SetGetDelete);
        yield return new("v2/get-missing-prefixes", MissingPrefixes);
        yield return new("v2/directories", Directories);
        yield return new("v2/listing", Listing);
        yield return new("v2/root", Root);
        yield return new("v2/hidden", Hidden);
        yield return new("v2/in-order", InOrder);
        yield return new("v2/head", Head);
        yield return new("v2/quorum", Quorum);
        yield return new("v2/escapes", Escapes);
        yield return new("v2/values", Values);
        yield return new("v2/body-against-query", BodyAgainstQuery);
        yield return new("v2/form-types", FormTypes);
        yield return new("v2/compare-and-swap", CompareAndSwap);
        yield return new("v2/compare-and-delete", CompareAndDelete);
        yield return new("v2/no-value-on-success", NoValueOnSuccess);
        yield return new("v2/ttl", Ttls);
        yield return new("v2/ttl-removed", TtlRemoved);
        yield return new("v2/directory-ttl", DirectoryTtl);
        yield return new("v2/refresh", Refresh);
        yield return new("v2/indexes", Indexes);
        foreach (var (name, query) in ((string, string)[])[
            ("set", ""), ("set-dir", "?dir=true"), ("update", "?prevExist=true"), ("update-dir", "?prevExist=true&dir=true"),
            ("create", "?prevExist=false"), ("create-dir", "?prevExist=false&dir=true"),
            ("swap-value", "?prevValue=v"), ("swap-other-value", "?prevValue=other"), ("swap-dir", "?prevValue=v&dir=true"),
            ("swap-existing", "?prevExist=true&prevValue=v"), ("create-ignores-value", "?prevExist=false&prevValue=other")])
        {
            yield return new($"v2/put-table/{name}", s => PutTable(s, query, "value=new"));
            yield return new($"v2/put-table/{name}-no-value", s => PutTable(s, query, ""));
        }
        foreach (var (name, query) in ((string, string)[])[
            ("plain", ""), ("dir", "?dir=true"), ("recursive", "?recursive=true"), ("both", "?dir=true&recursive=true"),
            ("value", "?prevValue=v"), ("other-value", "?prevValue=other"), ("value-recursive", "?prevValue=v&recursive=true"), ("exist", "?prevExist=false")])
        {
            yield return new($"v2/delete-table/{name}", s => DeleteTable(s, query));
        }
        yield return new("v2/post-table", PostTable);
    }

    private static async Task Arrange(V2Session s)
    {
        await s.Put("/t/file", "value=v");
        await s.Put("/t/empty?dir=true");
        await s.Put("/t/full/child", "value=c");
        await s.Put("/t/ttl", "value=v&ttl=100");
    }

    private static async Task PutTable(V2Session s, string query, string form)
    {
        await Arrange(s);
        foreach (var situation in s_situations)
            await s.Put($"/t/{situation}{query}", form);
        await s.Put($"/{query}", form);
        await s.Get("/t?recursive=true&sorted=true");
    }

    private static async Task DeleteTable(V2Session s, string query)
    {
        await Arrange(s);
        foreach (var situation in s_situations.Where(x => x != "file").Append("file"))
            await s.Delete($"/t/{situation}{query}");
        await s.Delete($"/{query}");
        await s.Get("/t?recursive=true&sorted=true");
    }

    private static async Task PostTable(V2Session s)
    {
        await Arrange(s);
        foreach (var situation in s_situations)
        {
            await s.Post($"/t/{situation}", "value=new");
            await s.Post($"/t/{situation}?dir=true&prevExist=true", "ttl=100");
        }
        await s.Get("/t?recursive=true&sorted=true");
        await s.Post("/", "value=at the root");
        await s.Get("/?sorted=true");
    }

    // The session of v2-api §14, in its order; expiry by itself is in the watch scenarios.
    private static async Task ObservedSession(V2Session s)
    {
        await s.Get("");
        await s.Put("/message", "value=Hello world");
        await s.Get("/message");
        await s.Put("/message", "value=Hello etcd");
        await s.Delete("/message");
        await s.Get("/message");
        await s.Put("/foo", "value=bar&ttl=500");
        await s.Put("/foo", "value=bar&ttl=&prevExist=true");
        await s.Put("/foo", "ttl=200&refresh=true&prevExist=true");
        await s.Delete("/foo");
        await s.Post("/queue", "value=Job1");
        await s.Post("/queue", "value=Job2");
        await s.Get("/queue?recursive=true&sorted=true");
        await s.Put("/dir", "ttl=300&dir=true");
        await s.Put("/dir", "ttl=300&dir=true&prevExist=true");
        await s.Put("/foo", "value=one");
        await s.Put("/foo?prevExist=false", "value=three");
        await s.Put("/foo?prevValue=two", "value=three");
        await s.Put("/foo?prevIndex=2", "value=three");
        await s.Put("/foo?prevValue=two&prevIndex=2", "value=three");
        await s.Put("/foo?prevValue=one", "value=two");
        await s.Put("/foo?prevValue=two&noValueOnSuccess=true", "value=three");
        await s.Delete("/foo?prevValue=two");
        await s.Delete("/foo?prevIndex=1");
        await s.Delete("/foo?prevValue=three");
        await s.Put("/dir2", "dir=true");
        await s.Put("/dir2/a/b", "value=x");
        await s.Get("/");
        await s.Get("/dir2?recursive=true");
        await s.Delete("/dir2");
        await s.Delete("/dir2?dir=true");
        await s.Delete("/dir2?recursive=true");
        await s.Get("/dir2");
    }

    private static async Task SetGetDelete(V2Session s)
    {
        await s.Get("/testkey");
        await s.Put("/testkey", "value=1");
        await s.Get("/testkey");
        await s.Put("/testkey", "value=2");
        await s.Get("/testkey/");
        await s.Delete("/testkey");
        await s.Delete("/testkey");
        await s.Put("/testkey", "value=3");
        await s.Get("/testkey");
    }

    private static async Task MissingPrefixes(V2Session s)
    {
        await s.Get("/a/b/c");
        await s.Put("/a/x", "value=1");
        await s.Get("/a/b/c");
        await s.Get("/a/x/y/z");
        await s.Delete("/a/b/c");
        await s.Put("/a/b/c?prevExist=true", "value=1");
        await s.Put("/a/b/c?prevValue=1", "value=1");
        await s.Put("/a/x/y", "value=1");
        await s.Delete("/a/x/y");
        await s.Post("/a/x/y", "value=1");
    }

    private static async Task Directories(V2Session s)
    {
        await s.Put("/d?dir=true");
        await s.Put("/d?dir=true");
        await s.Put("/d", "value=x");
        await s.Put("/d?prevExist=true", "value=x");
        await s.Put("/d?prevExist=true&dir=true", "ttl=100");
        await s.Get("/d");
        await s.Put("/d/e?dir=true", "value=ignored");
        await s.Put("/d/f", "value=1");
        await s.Put("/d/f?dir=true", "value=ignored");
        await s.Get("/d?recursive=true&sorted=true");
        await s.Delete("/d");
        await s.Delete("/d?dir=true");
        await s.Delete("/d/e?dir=true");
        await s.Delete("/d?recursive=true");
        await s.Get("/d");
    }

    private static async Task Listing(V2Session s)
    {
        foreach (var path in (string[])["/l/b/2", "/l/a/1", "/l/c", "/l/a/3/x", "/l/B", "/l/a/10"])
            await s.Put(path, "value=v");
        await s.Put("/l/empty?dir=true");
        await s.Get("/l");
        await s.Get("/l?sorted=true");
        await s.Get("/l?recursive=true");
        await s.Get("/l?recursive=true&sorted=true");
        await s.Get("/l/?recursive=false&sorted=true");
        await s.Get("/?recursive=true&sorted=true");
        await s.Get("/l/c?recursive=true");
        await s.Get("/l/empty?recursive=true");
    }

    private static async Task Root(V2Session s)
    {
        await s.Get("");
        await s.Get("/");
        await s.Put("/", "value=x");
        await s.Put("", "value=x");
        await s.Put("/?dir=true");
        await s.Put("/?prevExist=false", "value=x");
        await s.Put("/?prevExist=true", "value=x");
        await s.Put("/?prevValue=x", "value=y");
        await s.Delete("/");
        await s.Delete("/?dir=true");
        await s.Delete("/?recursive=true");
        await s.Delete("/?recursive=true&prevValue=x");
        await s.Put("/top", "value=1");
        await s.Get("?recursive=true");
    }

    private static async Task Hidden(V2Session s)
    {
        await s.Put("/h/_hidden", "value=1");
        await s.Put("/h/_dir/inner", "value=2");
        await s.Put("/h/_dir/_more", "value=3");
        await s.Put("/h/seen", "value=4");
        await s.Put("/h/not_hidden", "value=5");
        await s.Get("/h?recursive=true&sorted=true");
        await s.Get("/h/_hidden");
        await s.Get("/h/_dir?recursive=true");
        await s.Get("/h/_dir/_more");
        await s.Delete("/h/_hidden");
    }

    private static async Task InOrder(V2Session s)
    {
        await s.Post("/queue", "value=Job1");
        await s.Put("/elsewhere", "value=between");
        await s.Post("/queue", "value=Job2");
        await s.Post("/queue", "value=Job3&ttl=100");
        await s.Post("/queue?dir=true");
        await s.Post("/queue", "");
        await s.Get("/queue?recursive=true&sorted=true");
        await s.Post("/queue/", "value=trailing slash");
        await s.Post("/elsewhere", "value=below a file");
        await s.Get("/queue?sorted=true");
    }

    private static async Task Head(V2Session s)
    {
        await s.Put("/k", "value=v");
        await s.Send("HEAD", "/v2/keys/k");
        await s.Send("HEAD", "/v2/keys/missing");
        await s.Send("HEAD", "/v2/keys/");
        await s.Send("HEAD", "/v2/keys/k?wait=true");
    }

    private static async Task Quorum(V2Session s)
    {
        await s.Put("/k", "value=v");
        await s.Get("/k?quorum=true");
        await s.Get("/missing?quorum=true");
        await s.Get("/k?quorum=true&wait=true");
        await s.Get("/k?quorum=false");
    }

    private static async Task Escapes(V2Session s)
    {
        await s.Put("/u/%C3%A9", "value=%C3%A9+%26+%3Ctag%3E");
        await s.Get("/u/%C3%A9");
        await s.Put("/u%2Fslash", "value=1");
        await s.Put("/u/space%20in%20it", "value=a+b%20c");
        await s.Put("/u/plus+sign", "value=%2B");
        await s.Put("/u/%3Cangle%3E&%22quote%22", "value=%22%5C%08%0C%0A%0D%09%01");
        await s.Put("/u/lines", "value=%E2%80%A8%E2%80%A9");
        await s.Put("/u/invalid", "value=%ff%fe%41");
        await s.Put("/u/emoji", "value=%F0%9F%98%80");
        await s.Put("/u/%E4%B8%AD%E6%96%87", "value=%E4%B8%AD%E6%96%87");
        await s.Get("/u?recursive=true&sorted=true");
        await s.Get("/nothing/%3Chere%3E");
    }

    private static async Task Values(V2Session s)
    {
        await s.Put("/k", "value=");
        await s.Put("/k", "");
        await s.Put("/k");
        await s.Get("/k");
        await s.Put("/k", "value=first&value=second");
        await s.Put("/k", "other=1");
        await s.Put("/large", "value=" + new string('x', 100_000));
        await s.Put("/large", "value=small");
        await s.Put("/semi", "value=a;b");
        await s.Put("/eq", "value=a=b");
    }

    private static async Task BodyAgainstQuery(V2Session s)
    {
        await s.Put("/k?value=query", "value=body");
        await s.Put("/k?value=query");
        await s.Put("/k?ttl=100", "value=v");
        await s.Put("/k?prevValue=v", "prevValue=other&value=w");
        await s.Put("/k", "prevValue=v&value=w");
        await s.Send("DELETE", "/v2/keys/k", "prevValue=other");
        await s.Get("/k");
    }

    private static async Task FormTypes(V2Session s)
    {
        await s.Send("PUT", "/v2/keys/k", "{\"value\":\"json\"}", ("Content-Type", "application/json"));
        await s.Send("PUT", "/v2/keys/k", "value=text", ("Content-Type", "text/plain"));
        await s.SendBytes("PUT", "/v2/keys/k", "value=no type"u8.ToArray());
        await s.Send("PUT", "/v2/keys/k", "value=charset", ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"));
        await s.Get("/k");
    }

    private static async Task CompareAndSwap(V2Session s)
    {
        await s.Put("/k", "value=one");
        await s.Put("/k?prevValue=two", "value=x");
        await s.Put("/k?prevValue=one", "value=two");
        await s.Put($"/k?prevIndex={s.Idx(1)}", "value=x");
        await s.Put($"/k?prevIndex={s.Idx(2)}", "value=three");
        await s.Put($"/k?prevIndex={s.Idx(3)}&prevValue=three", "value=four");
        await s.Put($"/k?prevIndex={s.Idx(3)}&prevValue=four", "value=x");
        await s.Put($"/k?prevIndex={s.Idx(4)}&prevValue=three", "value=x");
        await s.Put($"/k?prevIndex={s.Idx(1)}&prevValue=three", "value=x");
        await s.Put("/k?prevIndex=0", "value=zero is none");
        await s.Put("/k?prevIndex=0&prevValue=zero%20is%20none", "value=v");
        await s.Put("/k?prevValue=v&prevExist=true", "value=w&ttl=100");
        await s.Put("/k?prevValue=w", "value=x");
        await s.Put("/k?prevValue=<a>", "value=x");
        await s.Put("/missing?prevValue=v", "value=x");
        await s.Put("/missing?prevIndex=5", "value=x");
        await s.Get("/k");
    }

    private static async Task CompareAndDelete(V2Session s)
    {
        await s.Put("/k", "value=one");
        await s.Delete("/k?prevValue=two");
        await s.Delete($"/k?prevIndex={s.Idx(0)}");
        await s.Delete($"/k?prevIndex={s.Idx(0)}&prevValue=two");
        await s.Delete($"/k?prevIndex={s.Idx(1)}&prevValue=one");
        await s.Put("/k", "value=two&ttl=100");
        await s.Delete("/k?prevValue=two");
        await s.Delete("/k?prevValue=two");
        await s.Put("/d?dir=true");
        await s.Delete("/d?prevIndex=5&recursive=true");
        await s.Delete("/?prevValue=x");
    }

    private static async Task NoValueOnSuccess(V2Session s)
    {
        await s.Put("/k?noValueOnSuccess=true", "value=1");
        await s.Put("/k?noValueOnSuccess=true", "value=2");
        await s.Put("/k", "value=3&noValueOnSuccess=true&prevExist=true");
        await s.Put("/k?noValueOnSuccess=true&prevExist=false", "value=4");
        await s.Post("/q?noValueOnSuccess=true", "value=5");
        await s.Get("/k?noValueOnSuccess=true");
        await s.Delete("/k?noValueOnSuccess=true");
    }

    private static async Task Ttls(V2Session s)
    {
        await s.Put("/k", "value=v&ttl=100");
        await s.Get("/k");
        await s.Put("/k", "value=w&ttl=200");
        await s.Put("/k?prevExist=true", "value=x&ttl=300");
        await s.Put("/k?prevValue=x", "value=y&ttl=400");
        await s.Delete("/k");
        await s.Put("/k", "value=v&ttl=");
        await s.Put("/d?dir=true", "ttl=500");
        await s.Put("/d/child", "value=v");
        await s.Get("/d?recursive=true");
        await s.Post("/q", "value=v&ttl=600");
    }

    private static async Task TtlRemoved(V2Session s)
    {
        foreach (var condition in (string[])["", "?prevExist=true", "?prevValue=v"])
        {
            await s.Put("/k", "value=v&ttl=100");
            await s.Put($"/k{condition}", "value=v");
            await s.Get("/k");
        }
    }

    private static async Task DirectoryTtl(V2Session s)
    {
        await s.Put("/d?dir=true", "ttl=100");
        await s.Put("/d?dir=true&prevExist=true", "ttl=200");
        await s.Get("/d");
        await s.Put("/d?prevExist=true", "ttl=300");
        await s.Put("/d?prevExist=true&dir=true");
        await s.Get("/d");
    }

    private static async Task Refresh(V2Session s)
    {
        await s.Put("/k?refresh=true", "ttl=100");
        await s.Put("/k?refresh=true&prevExist=true", "ttl=100");
        await s.Put("/k?refresh=true&prevValue=v", "ttl=100");
        await s.Put("/k", "value=v&ttl=100");
        await s.Put("/k?refresh=true", "ttl=200");
        await s.Put("/k?refresh=true&prevExist=true", "ttl=300");
        await s.Put("/k?refresh=true&prevValue=v", "ttl=400");
        await s.Put("/k?refresh=true&prevValue=other", "ttl=400");
        await s.Put($"/k?refresh=true&prevIndex={s.Idx(4)}", "ttl=500");
        await s.Put("/k?refresh=true&prevExist=false", "ttl=600");
        await s.Put("/new?refresh=true&prevExist=false", "ttl=600");
        await s.Put("/k?refresh=true", "value=v&ttl=100");
        await s.Put("/k?refresh=true");
        await s.Put("/k?refresh=false", "value=w&ttl=700");
        await s.Get("/k");
    }

    private static async Task Indexes(V2Session s)
    {
        await s.Put("/a", "value=1");
        await s.Put("/a?prevExist=false", "value=2");
        await s.Delete("/missing");
        await s.Put("/b/c/d", "value=1");
        await s.Put("/b/c/e", "value=1");
        await s.Get("/b?recursive=true&sorted=true");
        await s.Delete("/b?recursive=true");
        await s.Get("/a");
        await s.Put("/a?prevExist=true", "value=3");
        await s.Get("/a");
    }
}
