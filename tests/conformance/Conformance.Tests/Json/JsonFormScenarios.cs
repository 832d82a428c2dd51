using Conformance.Harness;
using static Conformance.Json.JsonSession;

namespace Conformance.Json;

/// <summary>
/// The form of errors and what is refused before any method is called (v3-wire §3.3). Compared with etcd 3.4: its gateway is the one that 3.5 is released with, while
/// distributions build 3.5 with a later one.
/// </summary>
internal static class JsonFormScenarios
{
    public static IEnumerable<Scenario<JsonSession>> All()
    {
        yield return new("json-form/routing", Routing);
        yield return new("json-form/errors", Errors);
        yield return new("json-form/no-json", NoJson);
        yield return new("json-form/wrong-kinds", WrongKinds);
        yield return new("json-form/streams", Streams);
    }

    private static async Task Routing(JsonSession s)
    {
        foreach (var path in (string[])["/v3/kv/nothing", "/v3/", "/v3/kv/range/", "/v3/kv/range:x", "/v3/kv//range", "/v3/kv/../kv/range", "/v3", "/v3beta/nothing"])
            await s.Post(path, "{}");
        foreach (var method in (string[])["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
            await s.Send(method, "/v3/kv/range", null);
        await s.Send("GET", "/v3/nothing", null);
        await s.Send("GET", "/v3", null);
    }

    private static async Task Errors(JsonSession s)
    {
        await s.Post("/v3/kv/range", "{}");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{B("k")}}}","lease":"5"}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{B("k")}}}","revision":"{{{s.Rev(1000)}}}"}""");
        await s.Post("/v3/election/leader", "{}");
        await s.Post("/v3/cluster/member/add", """{"peerURLs":["<&>"]}""");
    }

    private static async Task NoJson(JsonSession s)
    {
        string[] bodies =
        [
            "x", "{b", "{\"key\"", "{\"key\":", "{\"key\":\"YQ==\",}", "{\"key\" 1}", "{\"key\":1 2}", "{\"key\":[1 2]}", "[", "{\"key\":\"a\nb\"}", "{\"key\":\"\\x\"}",
            "{\"key\":tru}", "{\"key\":-x}", "{\"key\":1.x}", "{\"key\":1ex}", "{\"key\":\"\\u00g0\"}", "'", "\u00e9", "}", "nul",
        ];
        foreach (var body in bodies)
            await s.Post("/v3/kv/range", body);
    }

    private static async Task WrongKinds(JsonSession s)
    {
        string[] bodies =
        [
            "[]", "5", "\"x\"", "true", "null", """{"limit":"x"}""", """{"limit":""}""", """{"limit":1.5}""", """{"limit":1e3}""", """{"limit":9223372036854775808}""",
            """{"limit":true}""", """{"limit":[]}""", """{"key":5}""", """{"key":"*"}""", """{"key":"YQ="}""", """{"key":"YQ"}""", """{"key":"YQ==x"}""", """{"key":"Y"}""",
            """{"keys_only":"true"}""", """{"keys_only":1}""", """{"sort_order":"X"}""", """{"key":{}}""", """{"key":"YQ==","limit":"x"}""",
        ];
        foreach (var body in bodies)
            await s.Post("/v3/kv/range", body);
        await s.Post("/v3/kv/txn", """{"success":{}}""");
        await s.Post("/v3/kv/txn", """{"success":[5]}""");
        await s.Post("/v3/kv/txn", """{"compare":[{"target":"NOTHING"}]}""");
        await s.Post("/v3/cluster/member/add", """{"peerURLs":[5]}""");
        await s.Post("/v3/cluster/member/remove", """{"ID":"-1"}""");
    }

    private static async Task Streams(JsonSession s)
    {
        await s.Post("/v3/watch", "x");
        await s.Post("/v3/lease/keepalive", """{"ID":"x"}""");
        await s.Post("/v3/lease/keepalive", "{");
        await s.Post("/v3/lease/keepalive", "");
        await s.Post("/v3/election/observe", "x");
        await s.Post("/v3/maintenance/snapshot", "[]");
    }
}
