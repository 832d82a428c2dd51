using System.Text;
using Conformance.Harness;

namespace Conformance.V2;

/// <summary>/v2/auth, and what it guards (v2-api §9). Each scenario leaves users switched off and none behind.</summary>
internal static class V2AuthScenarios
{
    public static IEnumerable<Scenario<V2Session>> All()
    {
        yield return new("v2-auth/paths", Paths);
        yield return new("v2-auth/switch", Switch);
        yield return new("v2-auth/users", Users);
        yield return new("v2-auth/user-changes", UserChanges);
        yield return new("v2-auth/user-bodies", UserBodies);
        yield return new("v2-auth/root-user", RootUser);
        yield return new("v2-auth/names", UnusualNames);
        yield return new("v2-auth/roles", Roles);
        yield return new("v2-auth/role-changes", RoleChanges);
        yield return new("v2-auth/role-bodies", RoleBodies);
        yield return new("v2-auth/administration", Administration);
        yield return new("v2-auth/guests", Guests);
        yield return new("v2-auth/credentials", Credentials);
        yield return new("v2-auth/reads", Reads);
        yield return new("v2-auth/writes", Writes);
        yield return new("v2-auth/watches", Watches);
        yield return new("v2-auth/hidden-from-keys", HiddenFromKeys);
    }

    private static readonly (string, string) s_json = ("Content-Type", "application/json");

    private static (string, string) As(string user) => ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));

    private static Task Put(V2Session s, string path, string body) => s.Send("PUT", "/v2/auth/" + path, body, s_json);

    private static Task PutByRoot(V2Session s, string path, string body) => s.Send("PUT", "/v2/auth/" + path, body, s_json, As("root:rp"));

    private static Task Get(V2Session s, string path) => s.Send("GET", "/v2/auth/" + path);

    private static Task Delete(V2Session s, string path) => s.Send("DELETE", "/v2/auth/" + path);

    // With users switched on, root's password "rp" and no guests unless they are wanted.
    private static async Task SwitchedOn(V2Session s, Func<Task> steps, bool guests = false)
    {
        await Put(s, "users/root", """{"user":"root","password":"rp"}""");
        await s.Send("PUT", "/v2/auth/enable");
        if (!guests)
            await s.Send("DELETE", "/v2/auth/roles/guest", null, As("root:rp"));
        await steps();
        await s.Send("DELETE", "/v2/auth/enable", null, As("root:rp"));
        if (guests)
            await Delete(s, "roles/guest");
        await Delete(s, "users/root");
    }

    private static async Task Paths(V2Session s)
    {
        foreach (var path in (string[])["", "/", "/enable", "/enable/", "/users", "/users/", "/users/x", "/users/x/y", "/users/x%2Fy", "/roles", "/roles/", "/roles/x", "/roles/x/y", "/roles/root", "/other"])
        {
            await s.Send("GET", "/v2/auth" + path);
            await s.Send("HEAD", "/v2/auth" + path);
            await s.Send("POST", "/v2/auth" + path, "{}", s_json);
            await s.Send("OPTIONS", "/v2/auth" + path);
        }
        await Delete(s, "users");
        await Put(s, "roles/", "{}");
        await Delete(s, "users/x");
        await Delete(s, "roles/x");
        await Delete(s, "roles/root");
    }

    private static async Task Switch(V2Session s)
    {
        await Get(s, "enable");
        await Put(s, "enable", "");
        await Delete(s, "enable");
        await Put(s, "users/root", """{"user":"root","password":"rp"}""");
        await Put(s, "enable", "");
        await Get(s, "enable");
        await Put(s, "enable", "");
        await PutByRoot(s, "enable", "");
        await s.Send("GET", "/v2/auth/roles", null, As("root:rp"));
        await Delete(s, "enable");
        await s.Send("DELETE", "/v2/auth/users/root", null, As("root:rp"));
        await s.Send("DELETE", "/v2/auth/enable", null, As("root:rp"));
        await s.Send("DELETE", "/v2/auth/enable", null, As("root:rp"));
        await Get(s, "enable");
        await s.Put("/index", "value=1");
        await Put(s, "enable", "");
        await s.Send("DELETE", "/v2/auth/enable", null, As("root:rp"));
        await s.Put("/index", "value=1");
        await Delete(s, "roles/guest");
        await Delete(s, "users/root");
    }

    private static async Task Users(V2Session s)
    {
        await Put(s, "users/ann", """{"user":"ann","password":"p"}""");
        await Put(s, "users/bob", """{"user":"bob","password":"p","roles":["r1","r0"]}""");
        await Put(s, "users/cal", """{"user":"cal","password":"p","roles":[]}""");
        await Put(s, "users/ann", """{"user":"ann","password":"q"}""");
        await Put(s, "users/ann", """{"user":"ann","password":"q","roles":["r"]}""");
        await Get(s, "users/ann");
        await Get(s, "users/bob");
        await Get(s, "users");
        await Put(s, "roles/r0", """{"role":"r0","permissions":{"kv":{"read":["/a"]}}}""");
        await Get(s, "users/bob");
        await Get(s, "users");
        await Put(s, "roles/r1", """{"role":"r1"}""");
        await Get(s, "users/bob");
        await Get(s, "users/");
        foreach (var user in (string[])["ann", "bob", "cal", "ann"])
            await Delete(s, "users/" + user);
        await Get(s, "users/ann");
        await Delete(s, "roles/r0");
        await Delete(s, "roles/r1");
        await Get(s, "users");
        await s.Put("/index", "value=1");
    }

    private static async Task UserChanges(V2Session s)
    {
        await Put(s, "users/ann", """{"user":"ann","password":"p","roles":["b","a","b"]}""");
        foreach (var change in (string[])
        [
            "", "", ",\"grant\":[\"x\",\"c\"]", ",\"grant\":[\"x\"]", ",\"revoke\":[\"none\"]", ",\"grant\":[\"q\"],\"revoke\":[\"q\"]", ",\"grant\":[\"q\",\"q\"]",
            ",\"revoke\":[\"x\",\"c\"]", ",\"revoke\":[\"a\",\"a\"]", ",\"roles\":[\"r\"],\"grant\":[\"y\"]", ",\"roles\":[\"r\"],\"grant\":[]", ",\"roles\":[],\"grant\":[\"y\"]",
            ",\"roles\":[],\"grant\":[]", ",\"password\":\"n\",\"grant\":[\"z\"],\"revoke\":[\"y\"]", ",\"password\":\"\"", ",\"password\":\"n\"",
        ])
        {
            await Put(s, "users/ann", $"{{\"user\":\"ann\"{change}}}");
        }
        await Put(s, "users/new", """{"user":"new","password":"p"}""");
        await Put(s, "users/new", """{"user":"new"}""");
        await Put(s, "users/new", """{"user":"new"}""");
        await Put(s, "users/none", """{"user":"none","grant":["r"]}""");
        await Put(s, "users/none", """{"user":"none","password":"p","revoke":["r"]}""");
        await Put(s, "users/none", """{"user":"none","grant":[]}""");
        await Get(s, "users/ann");
        await s.Put("/index", "value=1");
        await Delete(s, "users/ann");
        await Delete(s, "users/new");
    }

    private static async Task UserBodies(V2Session s)
    {
        foreach (var body in (string[])
        [
            "", "x", "{}", "null", "[]", "5", "{\"user\":5}", "{\"user\":\"other\"}", "{\"user\":\"u\"}", "{\"user\":\"u\",\"password\":\"\"}", "{\"user\":\"u\",\"password\":7}",
            "{\"user\":\"u\",\"password\":\"p\",\"roles\":\"r\"}", "{\"user\":\"u\",\"password\":\"p\",\"roles\":[1]}", "{\"user\":\"u\",\"password\":\"p\"", "{\"USER\":\"u\",\"Password\":\"p\",\"more\":1} more",
            "{\"user\":\"u\",\"user\":\"other\"}",
        ])
        {
            await Put(s, "users/u", body);
        }
        await Get(s, "users/u");
        await Delete(s, "users/u");
        await s.Send("PUT", "/v2/auth/users/u", """{"user":"u","password":"p"}""", ("Content-Type", "text/plain"));
        await Delete(s, "users/u");
    }

    private static async Task RootUser(V2Session s)
    {
        await Put(s, "users/root", """{"user":"root","password":"rp"}""");
        await Put(s, "users/root", """{"user":"root","grant":["root"]}""");
        await Put(s, "users/root", """{"user":"root","revoke":["root"]}""");
        await Get(s, "users/root");
        await Put(s, "users/root", """{"user":"root"}""");
        await Put(s, "users/root", """{"user":"root","grant":["zzz"],"revoke":["root"]}""");
        await Get(s, "users/root");
        await Put(s, "users/root", """{"user":"root"}""");
        await Put(s, "users/root", """{"user":"root"}""");
        await Get(s, "users");
        await Delete(s, "users/root");
        await Put(s, "users/root", """{"user":"root","password":"p","roles":["a"]}""");
        await Get(s, "users/root");
        await Delete(s, "users/root");
    }

    private static async Task UnusualNames(V2Session s)
    {
        await Put(s, "users/%C3%A9", """{"user":"é","password":"p"}""");
        await Put(s, "users/a%20b", """{"user":"a b","password":"p"}""");
        await Put(s, "users/_h", """{"user":"_h","password":"p"}""");
        await Put(s, "users/%3C", """{"user":"<","password":"p","roles":["<&>"]}""");
        await Put(s, "users/..", """{"user":"..","password":"p"}""");
        await Put(s, "roles/_h", """{"role":"_h","permissions":{"kv":{"read":["/<"]}}}""");
        await Get(s, "users");
        await Get(s, "users/_h");
        await Get(s, "roles");
        await Get(s, "roles/_h");
        foreach (var name in (string[])["users/%C3%A9", "users/a%20b", "users/_h", "users/%3C", "roles/_h"])
            await Delete(s, name);
    }

    private static async Task Roles(V2Session s)
    {
        await Put(s, "roles/f", """{"role":"f","permissions":{"kv":{"read":["/f/*"],"write":["/f/*"]}}}""");
        await Put(s, "roles/f", """{"role":"f"}""");
        await Put(s, "roles/f", """{"role":"f","permissions":{"kv":{"read":["/x"]}}}""");
        await Put(s, "roles/e", """{"role":"e"}""");
        await Put(s, "roles/z", """{"role":"z","permissions":{"kv":{"read":["/b","/a","/a"],"write":[]}}}""");
        foreach (var name in (string[])["f", "e", "z", "none", "root", "guest", ""])
            await Get(s, "roles/" + name);
        await Put(s, "roles/root", """{"role":"root"}""");
        await Put(s, "roles/root", """{"role":"root","grant":{"kv":{"read":["/x"]}}}""");
        foreach (var name in (string[])["f", "e", "z", "z", "root"])
            await Delete(s, "roles/" + name);
        await Get(s, "roles");
        await s.Put("/index", "value=1");
    }

    private static async Task RoleChanges(V2Session s)
    {
        await Put(s, "roles/g", """{"role":"g","permissions":{"kv":{"read":["/b","/a","/a"],"write":[]}}}""");
        foreach (var change in (string[])
        [
            "\"grant\":{\"kv\":{\"read\":[\"/c\"]}}", "\"grant\":{\"kv\":{\"read\":[\"/c\"],\"write\":[\"/w\"]}}", "\"grant\":{\"kv\":{\"write\":[\"/w\"]}}", "\"grant\":{\"kv\":{\"write\":[\"/w\"]}}",
            "\"revoke\":{\"kv\":{\"write\":[\"/w\",\"/none\"]}}", "\"revoke\":{\"kv\":{\"write\":[\"/none\"]}}", "\"revoke\":{\"kv\":{}}", "\"grant\":{}", "\"grant\":null",
            "\"permissions\":{\"kv\":{\"read\":[\"/x\"]}},\"grant\":{\"kv\":{\"read\":[\"/x\"]}}", "\"permissions\":{\"kv\":{\"read\":null,\"write\":null}},\"grant\":{\"kv\":{\"read\":[\"/x\",\"x/y\"],\"write\":null}}",
            "\"grant\":{\"kv\":{\"read\":[\"/n\",\"/n\"]}}", "\"grant\":{\"kv\":{\"read\":[\"/n\"]}},\"revoke\":{\"kv\":{\"read\":[\"/n\"]}}", "\"revoke\":{\"kv\":{\"read\":[\"/a\",\"/b\",\"/c\",\"/x\",\"x/y\"]}}",
        ])
        {
            await Put(s, "roles/g", $"{{\"role\":\"g\",{change}}}");
        }
        await Get(s, "roles/g");
        await Put(s, "roles/n", """{"role":"n"}""");
        await Put(s, "roles/n", """{"role":"n","grant":{"kv":{"read":["/n"]}},"revoke":{"kv":{"read":["/n"]}}}""");
        await Put(s, "roles/none", """{"role":"none","grant":{"kv":{"read":["/n"]}}}""");
        await Delete(s, "roles/g");
        await Delete(s, "roles/n");
        await s.Put("/index", "value=1");
    }

    private static async Task RoleBodies(V2Session s)
    {
        foreach (var body in (string[])
        [
            "", "x", "{}", "null", "[]", "{\"role\":5}", "{\"role\":\"other\"}", "{\"role\":\"r\",\"permissions\":5}", "{\"role\":\"r\",\"permissions\":{\"kv\":{\"read\":\"/a\"}}}",
            "{\"role\":\"r\",\"permissions\":{}}", "{\"ROLE\":\"r\",\"grant\":{\"KV\":{\"Read\":[\"/a\"]}}} more",
        ])
        {
            await Put(s, "roles/r", body);
        }
        await Get(s, "roles/r");
        await Delete(s, "roles/r");
    }

    private static Task Administration(V2Session s) => SwitchedOn(s, async () =>
    {
        (string, string)[][] callers = [[], [As("root:rp")], [As("root:bad")], [As("ann:ap")], [As("adm:x")], [As("nobody:x")], [("Authorization", "Basic zzz")]];
        await PutByRoot(s, "users/ann", """{"user":"ann","password":"ap","roles":["guest"]}""");
        await PutByRoot(s, "users/adm", """{"user":"adm","password":"x","roles":["root"]}""");
        foreach (var caller in callers)
        {
            foreach (var path in (string[])["/v2/auth/enable", "/v2/auth/users", "/v2/auth/users/ann", "/v2/auth/roles", "/v2/auth/roles/none", "/v2/auth/users/a/b", "/v2/members", "/v2/machines", "/v2/stats/leader", "/version"])
                await s.Send("GET", path, null, caller);
            await s.Send("PUT", "/v2/auth/users/ann", "{\"user\":\"ann\"}", [.. caller, s_json]);
            await s.Send("DELETE", "/v2/auth/roles/none", null, caller);
            await s.Send("POST", "/v2/members", "{\"peerURLs\":[\"http://10.0.0.11\"]}", [.. caller, s_json]);
            await s.Send("DELETE", "/v2/members/123abc", null, caller);
            await s.Send("DELETE", "/v2/members", null, caller);
            await s.Send("PATCH", "/v2/members", null, caller);
            await s.Send("PATCH", "/v2/auth/users", null, caller);
        }
        await s.Send("DELETE", "/v2/auth/users/ann", null, As("adm:x"));
        await s.Send("DELETE", "/v2/auth/users/adm", null, As("adm:x"));
    });

    private static Task Guests(V2Session s) => SwitchedOn(
        s,
        async () =>
        {
            await s.Put("/g", "value=1");
            await s.Get("/g");
            await s.Get("/");
            await s.Get("");
            await s.Get("/?recursive=true");
            await PutByRoot(s, "roles/guest", """{"role":"guest","revoke":{"kv":{"write":["/*"]}}}""");
            await s.Get("/g");
            await s.Put("/g", "value=2");
            await PutByRoot(s, "roles/guest", """{"role":"guest","revoke":{"kv":{"read":["/*"]}},"grant":{"kv":{"read":["/g"]}}}""");
            await s.Get("/g");
            await s.Get("/other");
            await s.Get("/g?recursive=true");
            await s.Send("DELETE", "/v2/auth/roles/guest", null, As("root:rp"));
            await s.Get("/g");
            await s.Get("/g?wait=x");
            await s.Put("/g", "ttl=x");
            await PutByRoot(s, "roles/guest", """{"role":"guest"}""");
            await s.Get("/g");
        },
        guests: true);

    private static Task Credentials(V2Session s) => SwitchedOn(
        s,
        async () =>
        {
            await s.Put("/k", "value=1");
            await PutByRoot(s, "users/ann", """{"user":"ann","password":"a:b"}""");
            await PutByRoot(s, "users/bob", """{"user":"bob","password":"p","roles":["guest"]}""");
            foreach (var header in (string[])["Basic zzz", "Basic", "", "Bearer x", "basic " + Convert.ToBase64String("bob:p"u8), "Basic " + Convert.ToBase64String("bob"u8)])
                await s.Send("GET", "/v2/keys/k", null, ("Authorization", header));
            foreach (var user in (string[])["ann:a:b", "ann:a", "bob:p", "bob:q", "bob:", "nobody:p", "root:rp"])
                await s.Send("GET", "/v2/keys/k", null, As(user));
            await PutByRoot(s, "users/bob", """{"user":"bob","password":"new"}""");
            await s.Send("GET", "/v2/keys/k", null, As("bob:p"));
            await s.Send("GET", "/v2/keys/k", null, As("bob:new"));
            await s.Send("DELETE", "/v2/auth/users/bob", null, As("root:rp"));
            await s.Send("GET", "/v2/keys/k", null, As("bob:new"));
            await s.Send("DELETE", "/v2/auth/users/ann", null, As("root:rp"));
            // What lies behind the first 72 bytes does not count.
            var x72 = new string('x', 72);
            await PutByRoot(s, "users/lea", $"{{\"user\":\"lea\",\"password\":\"{x72}yyyy\",\"roles\":[\"guest\"]}}");
            foreach (var password in (string[])[x72 + "yyyy", x72 + "z", x72, x72[1..]])
                await s.Send("GET", "/v2/keys/k", null, As("lea:" + password));
            await s.Send("DELETE", "/v2/auth/users/lea", null, As("root:rp"));
        },
        guests: true);

    private static async Task WithBob(V2Session s, Func<Task> steps) => await SwitchedOn(s, async () =>
    {
        await PutByRoot(s, "roles/rw", """{"role":"rw","permissions":{"kv":{"read":["/rw/*","/one","/ab*"],"write":["/rw/*","/w"]}}}""");
        await PutByRoot(s, "users/bob", """{"user":"bob","password":"p","roles":["none","rw"]}""");
        await steps();
        await s.Send("DELETE", "/v2/auth/users/bob", null, As("root:rp"));
        await s.Send("DELETE", "/v2/auth/roles/rw", null, As("root:rp"));
    });

    private static Task Reads(V2Session s) => WithBob(s, async () =>
    {
        await s.Send("PUT", "/v2/keys/rw/x", "value=1", As("root:rp"));
        foreach (var path in (string[])
        [
            "/rw/x", "/rw", "/rw/", "/one", "/one/", "/one/two", "/abc", "/abc/d", "/ab", "/a", "", "/", "/rw?recursive=true", "/rw/?recursive=true", "/rw/s?recursive=true", "/one?recursive=true",
            "/ab?recursive=true", "/?recursive=true", "/rw/x?quorum=true", "/no?quorum=true",
        ])
        {
            await s.Send("GET", "/v2/keys" + path, null, As("bob:p"));
        }
        await s.Send("HEAD", "/v2/keys/rw/x", null, As("bob:p"));
        await s.Send("HEAD", "/v2/keys/no", null, As("bob:p"));
    });

    private static Task Writes(V2Session s) => WithBob(s, async () =>
    {
        foreach (var path in (string[])["/rw/x", "/rw", "/rw/", "/one", "/abc", "/w", "/"])
        {
            await s.Send("PUT", "/v2/keys" + path, "value=1", As("bob:p"));
            await s.Send("PUT", $"/v2/keys{path}?recursive=true", "value=1", As("bob:p"));
            await s.Send("POST", "/v2/keys" + path, "value=1", As("bob:p"));
            await s.Send("DELETE", $"/v2/keys{path}?recursive=true", null, As("bob:p"));
            await s.Send("DELETE", "/v2/keys" + path, null, As("bob:p"));
        }
        await s.Send("PUT", "/v2/keys/no?prevExist=true&prevValue=1", "value=1", As("bob:p"));
        await s.Send("PUT", "/v2/keys/no", "ttl=x", As("bob:p"));
        await s.Send("PATCH", "/v2/keys/no", null, As("bob:p"));
        await s.Send("DELETE", "/v2/keys/rw?recursive=true", null, As("root:rp"));
    });

    private static Task Watches(V2Session s) => WithBob(s, async () =>
    {
        await s.Send("GET", "/v2/keys/no?wait=true", null, As("bob:p"));
        await s.Send("GET", "/v2/keys/rw?wait=true&recursive=true", null, As("bob:p"));
        await s.Send("PUT", "/v2/keys/rw/x", "value=1", As("bob:p"));
        await s.Send("GET", $"/v2/keys/rw/x?wait=true&waitIndex={s.Idx(1)}", null, As("bob:p"));
        await s.Send("GET", $"/v2/keys/?wait=true&recursive=true&waitIndex={s.Idx(1)}", null, As("root:rp"));
        await s.Send("DELETE", "/v2/keys/rw?recursive=true", null, As("root:rp"));
    });

    private static async Task HiddenFromKeys(V2Session s)
    {
        using var watch = await s.Watch("/?wait=true&recursive=true");
        await Put(s, "users/ann", """{"user":"ann","password":"p"}""");
        await Put(s, "roles/r", """{"role":"r"}""");
        await s.Get("/?recursive=true&sorted=true");
        await s.Get("/../2/users");
        await s.Get("/%2E%2E/users");
        await s.Get("/a%2F..%2F..%2Fusers");
        await Delete(s, "users/ann");
        await Delete(s, "roles/r");
        await s.Put("/seen", "value=1");
        await watch.Read();
        await s.Get($"/?wait=true&recursive=true&waitIndex={s.Idx(1)}");
    }
}
