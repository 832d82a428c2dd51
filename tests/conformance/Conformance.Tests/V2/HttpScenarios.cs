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
        yield return new("http/unknown-path", async s =>
        {
            await s.Send("GET", "/nothing");
            await s.Send("OPTIONS", "/nothing");
        });
    }
}
