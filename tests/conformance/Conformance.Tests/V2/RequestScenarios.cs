using Conformance.Harness;

namespace Conformance.V2;

/// <summary>What is refused before it reaches the store, and everything around the keys (v2-api §1, §2, §6 - §8, §10).</summary>
internal static class RequestScenarios
{
    public static IEnumerable<Scenario<V2Session>> All()
    {
        yield return new("v2/bad-booleans", BadBooleans);
        yield return new("v2/good-booleans", GoodBooleans);
        yield return new("v2/bad-ttl", BadTtl);
        yield return new("v2/bad-indexes", BadIndexes);
        yield return new("v2/bad-prev-value", BadPrevValue);
        yield return new("v2/bad-refresh", BadRefresh);
        yield return new("v2/wait-on-writes", WaitOnWrites);
        yield return new("v2/bad-form", BadForm);
        yield return new("v2/order-of-checks", OrderOfChecks);
        yield return new("v2/methods", Methods);
        yield return new("v2/options-and-cors", Options);
        yield return new("v2/path-cleaning", PathCleaning);
        yield return new("v2/unknown-paths", UnknownPaths);
        yield return new("v2/members", Members);
        yield return new("v2/members-errors", MembersErrors);
        yield return new("v2/machines", Machines);
        yield return new("v2/version", s => s.Send("GET", "/version"));
    }

    private static async Task BadBooleans(V2Session s)
    {
        foreach (var name in (string[])["dir", "prevExist", "recursive", "sorted", "wait", "stream", "quorum", "refresh", "noValueOnSuccess"])
        {
            foreach (var value in (string[])["bar", "", "2", "tRUE", "yes"])
            {
                await s.Get($"/k?{name}={value}");
                await s.Put("/k", $"value=v&{name}={value}");
            }
        }
        await s.Get("/");
    }

    private static async Task GoodBooleans(V2Session s)
    {
        foreach (var yes in (string[])["1", "t", "T", "TRUE", "true", "True"])
            await s.Put($"/d{yes}", $"dir={yes}");
        foreach (var no in (string[])["0", "f", "F", "FALSE", "false", "False"])
            await s.Put($"/f{no}", $"dir={no}&value=v");
        await s.Get("/?sorted=true");
    }

    private static async Task BadTtl(V2Session s)
    {
        foreach (var ttl in (string[])["bar", "-1", "1.5", "1e3", "+5", "0x10", "%2010", "99999999999999999999"])
            await s.Put("/k", $"value=v&ttl={ttl}");
        await s.Post("/q", "value=v&ttl=bar");
        await s.Get("/k");
        await s.Get("/k?ttl=bar");
    }

    private static async Task BadIndexes(V2Session s)
    {
        foreach (var index in (string[])["bar", "-1", "1.5", "99999999999999999999"])
        {
            await s.Put("/k", $"value=v&prevIndex={index}");
            await s.Delete($"/k?prevIndex={index}");
            await s.Get($"/k?waitIndex={index}");
            await s.Get($"/k?wait=true&waitIndex={index}");
        }
        await s.Put("/k", "value=v&prevIndex=");
        await s.Get("/k?waitIndex=");
    }

    private static async Task BadPrevValue(V2Session s)
    {
        await s.Put("/k", "value=v&prevValue=");
        await s.Put("/k?prevValue", "value=v");
        await s.Delete("/k?prevValue=");
        await s.Get("/k?prevValue=");
        await s.Post("/k?prevValue=", "value=v");
    }

    private static async Task BadRefresh(V2Session s)
    {
        await s.Put("/k", "value=v&ttl=100");
        await s.Put("/k?refresh=true", "value=v&ttl=100");
        await s.Put("/k?refresh=true", "value=");
        await s.Put("/k?refresh=true", "ttl=bar");
        await s.Put("/k?refresh=true", "ttl=");
        await s.Post("/k?refresh=true", "ttl=100&value=v");
    }

    private static async Task WaitOnWrites(V2Session s)
    {
        await s.Put("/k?wait=true", "value=v");
        await s.Post("/k?wait=true", "value=v");
        await s.Delete("/k?wait=true");
        await s.Put("/k?wait=false", "value=v");
    }

    private static async Task BadForm(V2Session s)
    {
        await s.Put("/k", "value=%zz");
        await s.Put("/k", "%zz=1");
        await s.Get("/k?x=%zz");
        await s.Put("/k", "value=still+served");
    }

    private static async Task OrderOfChecks(V2Session s)
    {
        string[] wrong = ["prevIndex=x", "waitIndex=x", "recursive=x", "sorted=x", "wait=x", "dir=x", "quorum=x", "stream=x", "prevValue=", "noValueOnSuccess=x", "ttl=x", "prevExist=x", "refresh=x"];
        for (var first = 0; first < wrong.Length; first++)
            await s.Put("/k", string.Join('&', wrong[first..].Reverse()));
    }

    private static async Task Methods(V2Session s)
    {
        foreach (var path in (string[])["/v2/keys/x", "/v2/members", "/version", "/v2/machines", "/v2/stats/self"])
        {
            await s.Send("PATCH", path);
            await s.Send("FOO", path);
        }
        await s.Send("HEAD", "/v2/members");
        await s.Send("POST", "/version");
        await s.Send("PUT", "/v2/machines");
    }

    private static async Task Options(V2Session s)
    {
        await s.Send("OPTIONS", "/v2/keys/x");
        await s.Send("OPTIONS", "/version");
        await s.Send("OPTIONS", "/nothing");
        await s.Send("GET", "/v2/keys/", null, ("Origin", "http://example.com"));
    }

    private static async Task PathCleaning(V2Session s)
    {
        foreach (var path in (string[])["/v2/keys//x", "/v2/keys/a/../b", "/v2/keys/./a", "/v2//keys/a", "//v2/keys/a?x=1", "/v2/keys/a//b/?recursive=true", "/v2/keys/../../a", "/v2/keys/a/.."])
        {
            await s.Send("GET", path);
            await s.Send("PUT", path, "value=v");
        }
        await s.Send("HEAD", "/v2/keys//x");
        await s.Send("GET", "/v2/keys/%zz");
        await s.Put("/x/", "value=v");
        await s.Get("/x");
    }

    private static async Task UnknownPaths(V2Session s)
    {
        foreach (var path in (string[])["/nothing", "/", "/v2", "/v2/", "/v2/nothing", "/v2/machines/", "/v2/leader", "/v2/stats", "/v2/admin/config", "/v2/keysx", "/v1/keys/a"])
            await s.Send("GET", path);
        await s.Send("PUT", "/nothing", "value=v");
        await s.Send("DELETE", "/v2");
    }

    private static async Task Members(V2Session s)
    {
        await s.Send("GET", "/v2/members");
        await s.Send("GET", "/v2/members/");
        await s.Send("GET", "/v2/members/leader");
        await s.Send("GET", "/v2/members/nothing");
    }

    private static async Task MembersErrors(V2Session s)
    {
        (string, string) json = ("Content-Type", "application/json");
        await s.Send("DELETE", "/v2/members");
        await s.Send("PUT", "/v2/members", "{}", json);
        await s.Send("POST", "/v2/members", "{}", ("Content-Type", "text/plain"));
        await s.Send("POST", "/v2/members", "", json);
        await s.Send("POST", "/v2/members", "{}", json);
        await s.Send("POST", "/v2/members", "{\"peerURLs\":[\"http://10.0.0.11\"]}", json);
        await s.Send("DELETE", "/v2/members/123abc");
        await s.Send("DELETE", "/v2/members/notahexid");
        await s.Send("PUT", "/v2/members/123abc", "{\"peerURLs\":[\"http://127.0.0.1:2390\"]}", json);
        await s.Send("GET", "/v2/members");
    }

    private static async Task Machines(V2Session s)
    {
        await s.Send("GET", "/v2/machines");
        await s.Send("HEAD", "/v2/machines");
    }
}
