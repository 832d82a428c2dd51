using Conformance.Harness;

namespace Conformance.Etcdctl;

/// <summary>Users, roles and logging in as etcdctl shows them (etcdctl §2.2). Each scenario leaves no user behind.</summary>
internal static class AuthScenarios
{
    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        yield return new("ctl-auth/users", Users);
        yield return new("ctl-auth/roles", Roles);
        yield return new("ctl-auth/enabled", Enabled);
        yield return new("ctl-auth/formats", Formats);
    }

    private static async Task Users(EtcdctlSession s)
    {
        await s.RunAll("auth status", "user add ann:secret", "user add ann:secret", "user add none --no-password", "user add", "user list", "user get ann", "user get x");
        await s.RunWithInput("new\n", "user passwd ann --interactive=false");
        await s.RunAll("role add r", "user grant-role ann r", "user grant-role ann r", "user grant-role ann x", "user get ann", "user get ann --detail");
        await s.RunAll("user revoke-role ann r", "user revoke-role ann r", "user delete ann", "user delete ann", "user delete none", "role delete r", "user list");
    }

    private static async Task Roles(EtcdctlSession s)
    {
        await s.RunAll("role add r", "role add r", "role list", "role get r", "role get x", "role grant-permission r read a", "role grant-permission r write a b");
        await s.RunAll("role grant-permission r readwrite --prefix p", "role grant-permission r read --from-key x", "role grant-permission r nonsense a");
        await s.RunAll("role grant-permission x read a", "role get r", "role revoke-permission r a", "role revoke-permission r a", "role revoke-permission r --prefix p");
        await s.RunAll("role get r", "role delete r", "role delete r", "role list");
    }

    private static async Task Enabled(EtcdctlSession s)
    {
        await s.RunAll("auth enable", "user add root:rp", "auth enable", "auth status", "get a", "--user root:rp auth status", "--user root:bad get a", "--user nobody:x get a");
        await s.RunAll("--user root:rp role add r", "--user root:rp role grant-permission r readwrite --prefix a", "--user root:rp user add ann:ap", "--user root:rp user grant-role ann r");
        await s.RunAll("--user ann:ap put a1 v", "--user ann:ap get a1", "--user ann:ap put b1 v", "--user ann:ap get --prefix a", "--user ann:ap get --prefix ''", "--user ann:ap del a1");
        await s.RunAll("--user ann:ap user list", "--user ann:ap user get ann", "--user ann:ap role get r", "--user ann:ap role get root", "--user ann:ap member list", "--user ann:ap alarm list");
        await s.RunAll("--user ann --password ap get a1", "--user ann:ap endpoint health", "endpoint health", "--user ann:ap lease list", "--user root:rp role delete root", "--user root:rp user delete root");
        await s.RunWithInput("value(\"a1\") = \"v\"\n\nput a1 w\n\nget b1\n\n", "--user ann:ap txn");
        await s.RunAll("--user ann:ap watch b", "--user root:rp user delete ann", "--user ann:ap get a1", "auth disable", "--user root:rp auth disable", "auth status", "--user root:rp get a1");
        await s.RunAll("user delete root", "role delete root", "role delete r");
    }

    private static async Task Formats(EtcdctlSession s)
    {
        foreach (var format in (string[])["simple", "json", "fields", "table"])
        {
            await s.RunAll($"role add r -w {format}", $"role grant-permission r readwrite a b -w {format}", $"role get r -w {format}", $"role list -w {format}");
            await s.RunAll($"user add ann:ap -w {format}", $"user grant-role ann r -w {format}", $"user get ann -w {format}", $"user list -w {format}");
            await s.RunAll($"auth status -w {format}", $"user revoke-role ann r -w {format}", $"role revoke-permission r a b -w {format}");
            await s.RunAll($"user delete ann -w {format}", $"role delete r -w {format}");
        }
    }
}
