using Conformance.Harness;
using static Conformance.Json.JsonSession;

namespace Conformance.Json;

/// <summary>Every path of the JSON gateway: what it answers, what it refuses, streams (v3-wire §2, §3).</summary>
internal static class JsonScenarios
{
    private static readonly string s_foo = B("foo");

    public static IEnumerable<Scenario<JsonSession>> All()
    {
        yield return new("json/kv", Kv);
        yield return new("json/kv-errors", KvErrors);
        yield return new("json/forms-of-requests", Forms);
        yield return new("json/metadata", Metadata);
        yield return new("json/lease", Leases);
        yield return new("json/keep-alive", KeepAlive);
        yield return new("json/watch", Watch);
        yield return new("json/watch-of-several", WatchSeveral);
        yield return new("json/cluster", Cluster);
        yield return new("json/maintenance", Maintenance);
        yield return new("json/maintenance-refused", MaintenanceRefused);
        yield return new("json/snapshot", s => s.Snapshot("/v3/maintenance/snapshot"));
        yield return new("json/lock", Lock);
        yield return new("json/election", Election);
        yield return new("json/too-large", TooLarge);
    }

    private static async Task Kv(JsonSession s)
    {
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{B("bar")}}}"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{B("<&>")}}}","prev_kv":true}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{B("other")}}}"}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}"}""");
        await s.Post("/v3beta/kv/range", $$$"""{"key":"AA==","range_end":"AA==","limit":1}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"AA==","range_end":"AA==","sort_order":"DESCEND","sort_target":"KEY","keys_only":true}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}","count_only":true}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{B("none")}}}"}""");
        await s.Post("/v3/kv/txn", $$$"""
            {"compare":[{"target":"VERSION","key":"{{{s_foo}}}","version":"2"}],"success":[{"request_put":{"key":"{{{s_foo}}}","value":"{{{B("3")}}}"}},{"request_range":{"key":"{{{s_foo}}}"}}]}
            """);
        await s.Post("/v3/kv/txn", $$$"""{"compare":[{"result":"GREATER","target":"MOD","key":"{{{s_foo}}}","mod_revision":"9000000000"}],"failure":[{"request_delete_range":{"key":"{{{B("other")}}}","prev_kv":true}}]}""");
        await s.Post("/v3/kv/txn", "{}");
        await s.Post("/v3/kv/deleterange", $$$"""{"key":"{{{s_foo}}}","prev_kv":true}""");
        await s.Post("/v3/kv/deleterange", $$$"""{"key":"{{{s_foo}}}"}""");
        await s.Post("/v3/kv/compaction", $$$"""{"revision":"{{{s.Rev(2)}}}","physical":true}""");
    }

    private static async Task KvErrors(JsonSession s)
    {
        await s.Post("/v3/kv/range", "{}");
        await s.Post("/v3/kv/range", "");
        await s.Post("/v3/kv/put", """{"value":"YmFy"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","lease":"5"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","ignore_value":true}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}","revision":"{{{s.Rev(1000)}}}"}""");
        await s.Post("/v3/kv/compaction", $$$"""{"revision":"{{{s.Rev(1000)}}}"}""");
        await s.Post("/v3/kv/txn", $$$"""{"success":[{"request_put":{"key":"{{{s_foo}}}"}},{"request_put":{"key":"{{{s_foo}}}"}}]}""");
        await s.Post("/v3/kv/txn", """{"success":[{}]}""");
    }

    private static async Task Forms(JsonSession s)
    {
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{B("1")}}}","unknown":{"a":[1,2]},"prevKv":true}""");
        await s.Post("/v3/kv/put", $$$""" { "key" : "{{{s_foo}}}" , "value":null, "ignoreValue" : true } """);
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}","rangeEnd":"{{{B("z")}}}","limit":"1","sortOrder":2,"sortTarget":"MOD","revision":0}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}","min_mod_revision":"1","maxModRevision":9000000}""");
        await s.Post("/v3/lease/grant", """{"ID":"11","TTL":"100"}""");
        await s.Post("/v3/lease/grant", """{"ID":12,"TTL":100}""");
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}"} what comes behind is not looked at""", ("Content-Type", "text/plain"));
    }

    private static async Task Metadata(JsonSession s)
    {
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}"}""", ("Grpc-Metadata-hasleader", "true"));
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}"}""", ("Authorization", "nobody asks for it"), ("Grpc-Timeout", "5S"));
        await s.Post("/v3/kv/range", $$$"""{"key":"{{{s_foo}}}"}""", ("Grpc-Metadata-Token", "x"), ("Accept", "text/html"));
    }

    private static async Task Leases(JsonSession s)
    {
        await s.PostHiding("/v3/lease/grant", """{"TTL":100}""", "ID", "<lease>");
        await s.Post("/v3/lease/grant", """{"ID":"77","TTL":"100"}""");
        await s.Post("/v3/lease/grant", """{"ID":"77","TTL":"100"}""");
        await s.Post("/v3/lease/grant", """{"TTL":"9000000001"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","lease":"77"}""");
        await s.Post("/v3/lease/timetolive", """{"ID":"77","keys":true}""");
        await s.Post("/v3/kv/lease/timetolive", """{"ID":78}""");
        await s.Post("/v3/lease/revoke", """{"ID":"77"}""");
        await s.Post("/v3/kv/lease/revoke", """{"ID":"77"}""");
        await s.Post("/v3/lease/leases", "{}");
        await s.Post("/v3/kv/lease/leases", "{}");
    }

    private static async Task KeepAlive(JsonSession s)
    {
        await s.Post("/v3/lease/grant", """{"ID":"77","TTL":"100"}""");
        await s.Post("/v3/lease/keepalive", """{"ID":"77"}""");
        await s.Post("/v3/lease/keepalive", """{"ID":77} {"ID":"78"}{"ID":"77"}""" + "\n");
        s.Note("what follows something unreadable is not read:");
        await s.Post("/v3/lease/keepalive", """{"ID":77}{"ID":"x"}{"ID":77}""");
    }

    private static async Task Watch(JsonSession s)
    {
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{B("1")}}}"}""");
        await s.Post("/v3/kv/deleterange", $$$"""{"key":"{{{s_foo}}}"}""");
        using (var stream = await s.Stream("/v3/watch", $$$"""{"create_request":{"key":"{{{s_foo}}}","start_revision":"{{{s.Rev(1)}}}","prev_kv":true}}""", 2))
        {
            await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{B("2")}}}"}""");
            await stream.Read(1);
        }
        using (await s.Stream("/v3/watch", $$$"""{"createRequest":{"key":"{{{s_foo}}}","range_end":"{{{B("a")}}}"}}""", 1))
            s.Note("refused, and still open");
        await s.Post("/v3/kv/compaction", $$$"""{"revision":"{{{s.Rev(2)}}}"}""");
        using (await s.Stream("/v3/watch", $$$"""{"create_request":{"key":"{{{s_foo}}}","start_revision":"{{{s.Rev(1)}}}"}}""", 2))
            s.Note("compacted, and still open");
    }

    private static async Task WatchSeveral(JsonSession s)
    {
        var body = $$$"""
            {"create_request":{"key":"{{{B("a")}}}","watch_id":"5","filters":["NODELETE"]}}
            {"create_request":{"key":"{{{B("b")}}}","watch_id":6}}
            """;
        using var stream = await s.Stream("/v3/watch", body, 2);
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{B("a")}}}"}""");
        await stream.Read(1);
        await s.Post("/v3/kv/deleterange", $$$"""{"key":"{{{B("a")}}}"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{B("b")}}}","value":"AA=="}""");
        await stream.Read(1);
    }

    private static async Task Cluster(JsonSession s)
    {
        await s.Post("/v3/cluster/member/list", "{}");
        await s.Post("/v3/cluster/member/list", """{"linearizable":true}""");
        await s.Post("/v3/cluster/member/add", """{"peerURLs":["nonsense"]}""");
        await s.Post("/v3/cluster/member/add", "{}");
        await s.Post("/v3/cluster/member/remove", """{"ID":"5"}""");
        await s.Post("/v3/cluster/member/update", """{"ID":"5","peerURLs":["http://127.0.0.1:1"]}""");
        await s.Post("/v3/cluster/member/promote", """{"ID":5}""");
        await s.Post("/v3/cluster/member/promote", $$$"""{"ID":"{{{s.MemberId}}}"}""");
    }

    private static async Task Maintenance(JsonSession s)
    {
        await s.Post("/v3/maintenance/status", "{}");
        await s.Post("/v3/maintenance/alarm", "{}");
        await s.Post("/v3/maintenance/alarm", """{"action":"GET","alarm":"NOSPACE"}""");
        await s.Post("/v3/maintenance/alarm", """{"action":"ACTIVATE","memberID":"7","alarm":2}""");
        await s.Post("/v3/maintenance/alarm", """{"action":2,"memberID":"7","alarm":"CORRUPT"}""");
        await s.Post("/v3/maintenance/hash", "{}");
        await s.Post("/v3/maintenance/hashkv", "{}");
        await s.Post("/v3/maintenance/defragment", "{}");
        await s.Post("/v3/maintenance/transfer-leadership", $$$"""{"targetID":"{{{s.MemberId}}}"}""");
    }

    private static async Task MaintenanceRefused(JsonSession s)
    {
        await s.Post("/v3/maintenance/hashkv", $$$"""{"revision":"{{{s.Rev(1000)}}}"}""");
        await s.Post("/v3/maintenance/transfer-leadership", """{"targetID":"5"}""");
    }

    private static async Task Lock(JsonSession s)
    {
        await s.Post("/v3/lease/grant", """{"ID":"77","TTL":"100"}""");
        await s.Post("/v3/lease/grant", """{"ID":"78","TTL":"100"}""");
        await s.Post("/v3/lock/lock", $$$"""{"name":"{{{B("n")}}}","lease":77}""");
        var second = s.Begin("/v3/lock/lock", $$$"""{"name":"{{{B("n")}}}","lease":"78"}""");
        await s.KeysAre("n/", 2);
        await s.Post("/v3/lock/unlock", $$$"""{"key":"{{{B("n/4d")}}}"}""");
        await s.End(second);
        await s.Post("/v3/lock/lock", $$$"""{"name":"{{{B("n")}}}","lease":5}""");
        await s.Post("/v3/lock/unlock", "{}");
    }

    private static async Task Election(JsonSession s)
    {
        await s.Post("/v3/election/leader", $$$"""{"name":"{{{B("e")}}}"}""");
        await s.Post("/v3/lease/grant", """{"ID":"77","TTL":"100"}""");
        await s.Post("/v3/election/campaign", $$$"""{"name":"{{{B("e")}}}","lease":"77","value":"{{{B("one")}}}"}""");
        await s.Post("/v3/election/leader", $$$"""{"name":"{{{B("e")}}}"}""");
        using var stream = await s.Stream("/v3/election/observe", $$$"""{"name":"{{{B("e")}}}"}""", 1);
        var leader = $$$"""{"name":"{{{B("e")}}}","key":"{{{B("e/4d")}}}","rev":"{{{s.Rev(1)}}}","lease":"77"}""";
        await s.Post("/v3/election/proclaim", $$$"""{"leader":{{{leader}}},"value":"{{{B("two")}}}"}""");
        await stream.Read(1);
        await s.Post("/v3/election/proclaim", "{}");
        await s.Post("/v3/election/resign", "{}");
        await s.Post("/v3/election/resign", $$$"""{"leader":{{{leader}}}}""");
        await s.Post("/v3/election/proclaim", $$$"""{"leader":{{{leader}}},"value":"{{{B("three")}}}"}""");
    }

    private static async Task TooLarge(JsonSession s)
    {
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{Convert.ToBase64String(new byte[1_600_000])}}}"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{Convert.ToBase64String(new byte[3_000_000])}}}"}""");
        await s.Post("/v3/kv/put", $$$"""{"key":"{{{s_foo}}}","value":"{{{Convert.ToBase64String(new byte[1_500_000])}}}"}""");
    }
}
