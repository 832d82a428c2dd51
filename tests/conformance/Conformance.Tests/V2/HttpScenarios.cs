using Conformance.Harness;

namespace Conformance.V2;

/// <summary>What a 3.5 answers over HTTP/1.1 beside v2 and the JSON gateway (v2-api §1.4, §10; server-surface §4).</summary>
internal static class HttpScenarios
{
    public static IEnumerable<Scenario<V2Session>> All()
    {
        yield return new("http/version", async s =>
        {
            await s.Send("GET", "/version");
            await s.Send("POST", "/version");
        });
        yield return new("http/health", async s =>
        {
            await s.Send("GET", "/health");
            await s.Send("GET", "/health?serializable=true");
            await s.Send("POST", "/health");
        });
        yield return new("http/health-parameters", async s =>
        {
            foreach (var query in (string[])["exclude=NOSPACE", "exclude=NOSPACE&exclude=CORRUPT", "exclude=", "exclude=FOO", "serializable=1", "serializable=true&exclude=CORRUPT"])
                await s.Send("GET", "/health?" + query);
            foreach (var method in (string[])["HEAD", "PUT", "DELETE", "OPTIONS"])
                await s.Send(method, "/health");
        });
        yield return new("http/livez", async s =>
        {
            foreach (var query in (string[])["", "?verbose", "?verbose=false", "?exclude=serializable_read", "?verbose&exclude=serializable_read", "?verbose&exclude=foo"])
                await s.Send("GET", "/livez" + query);
            foreach (var path in (string[])["/serializable_read", "/serializable_read?verbose", "/serializable_read?exclude=serializable_read", "/linearizable_read", "/foo", "/"])
                await s.Send("GET", "/livez" + path);
            foreach (var method in (string[])["HEAD", "POST", "OPTIONS"])
                await s.Send(method, "/livez");
        });
        // etcd runs the checks of a list in no order: one at a time is shown.
        yield return new("http/readyz", async s =>
        {
            string[] checks = ["data_corruption", "serializable_read", "linearizable_read", "non_learner"];
            await s.Send("GET", "/readyz");
            foreach (var check in checks)
            {
                await s.Send("GET", $"/readyz/{check}");
                await s.Send("GET", $"/readyz/{check}?verbose");
                await s.Send("GET", "/readyz?verbose&" + string.Join('&', checks.Where(other => other != check).Select(static other => $"exclude={other}")));
            }
            await s.Send("GET", "/readyz/read_index");
            await s.Send("POST", "/readyz/non_learner");
        });
        yield return new("http/debug", async s =>
        {
            await s.Send("POST", "/debug/vars");
            await s.Send("GET", "/debug/vars/x");
            await s.Send("GET", "/debug/pprof/");
            await s.Send("PUT", "/config/local/log", "{\"Level\":\"DEBUG\"}");
        });
        yield return new("http/unknown-path", async s =>
        {
            await s.Send("GET", "/nothing");
            await s.Send("OPTIONS", "/nothing");
        });
    }
}
