using System.Text;
using Conformance.Harness;

namespace Conformance.V2;

/// <summary>
/// Seeded random changes of v2's users and roles, with requests in between of those whom they concern and of guests. Every answer is compared. A seed that once failed stays in
/// the list.
/// </summary>
internal static class RandomV2AuthScenarios
{
    private const int Steps = 50;

    // Few, as both servers take their time over a password.
    private static readonly int[] s_seeds = [.. Settings.Seeds(1, 4)];

    private static readonly string[] s_users = ["ann", "bob"];
    private static readonly string[] s_roles = ["r0", "r1", "guest"];
    // Not the empty one: etcd panics when it holds a recursive request against it.
    private static readonly string[] s_patterns = ["/a", "/a/*", "/a*", "/*", "*", "/", "/b/x", "/b/x/*", "/a/x*", "/_h/*", "a"];
    private static readonly string[] s_paths = ["/a", "/a/x", "/a/x/z", "/ab", "/b", "/b/x", "/_h", "/_h/x", "/", ""];
    private static readonly (string, string) s_json = ("Content-Type", "application/json");
    private static readonly (string, string) s_root = As("root:rp");

    public static IEnumerable<Scenario<V2Session>> All() =>
        s_seeds.Select(seed => new Scenario<V2Session>($"v2-random-auth/seed-{seed:d2}", s => Run(s, seed)));

    private static (string, string) As(string user) => ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));

    private static async Task Run(V2Session s, int seed)
    {
        var random = new Random(seed);
        await s.Send("PUT", "/v2/auth/users/root", """{"user":"root","password":"rp"}""", s_json);
        await s.Send("PUT", "/v2/auth/enable");
        foreach (var user in s_users)
            await s.Send("PUT", $"/v2/auth/users/{user}", $$"""{"user":"{{user}}","password":"p"}""", s_json, s_root);
        foreach (var role in s_roles)
            await s.Send("PUT", $"/v2/auth/roles/{role}", $$"""{"role":"{{role}}"}""", s_json, s_root);
        for (var step = 0; step < Steps; step++)
            await (random.Next(3) == 0 ? AnyChange(s, random) : AnyRequest(s, random));
        foreach (var role in s_roles)
            await s.Send("GET", $"/v2/auth/roles/{role}", null, s_root);
        await s.Send("DELETE", "/v2/keys/_h?recursive=true", null, s_root);
        await s.Send("DELETE", "/v2/auth/enable", null, s_root);
        foreach (var role in s_roles)
            await s.Send("DELETE", $"/v2/auth/roles/{role}");
        foreach (var user in (string[])[.. s_users, "root"])
            await s.Send("DELETE", $"/v2/auth/users/{user}");
    }

    private static Task AnyChange(V2Session s, Random random)
    {
        var change = random.Next(3) == 0 ? "revoke" : "grant";
        if (random.Next(3) == 0)
        {
            var user = Any(random, s_users);
            return s.Send("PUT", $"/v2/auth/users/{user}", $$"""{"user":"{{user}}","{{change}}":["{{Any(random, s_roles)}}"]}""", s_json, s_root);
        }
        var role = Any(random, s_roles);
        var (reads, writes) = (Patterns(random), Patterns(random));
        return s.Send("PUT", $"/v2/auth/roles/{role}", $$$"""{"role":"{{{role}}}","{{{change}}}":{"kv":{"read":[{{{reads}}}],"write":[{{{writes}}}] } } }""", s_json, s_root);
    }

    private static Task AnyRequest(V2Session s, Random random)
    {
        var path = "/v2/keys" + Any(random, s_paths);
        (string, string)[] caller = random.Next(4) switch { 0 => [], 1 => [As("bob:p")], 2 when random.Next(4) == 0 => [As("ann:wrong")], _ => [As("ann:p")] };
        var recursive = random.Next(2) == 0 ? "?recursive=true" : "";
        return random.Next(6) switch
        {
            < 2 => s.Send("GET", path + recursive, null, caller),
            < 4 => s.Send("PUT", path, $"value=v{random.Next(3)}", caller),
            4 => s.Send("POST", path, "value=v", caller),
            _ => s.Send("DELETE", path + recursive, null, caller),
        };
    }

    private static string Patterns(Random random) => string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => $"\"{Any(random, s_patterns)}\""));

    private static string Any(Random random, string[] all) => all[random.Next(all.Length)];
}
