using Conformance.Harness;

namespace Conformance.EtcdctlV2;

/// <summary>Users, roles, switching on, members and health (etcdctl §1.2). Each scenario leaves users switched off and none behind.</summary>
internal static class V2CtlAdminScenarios
{
    public static IEnumerable<Scenario<V2CtlSession>> All()
    {
        yield return new("ctl2-admin/users", s => s.Run(
            "user list", "user add ann:p", "user add ann:p", "user add bob:p", "user list", "user get ann", "user get none", "user grant ann --roles a,b", "user get ann", "role add a", "role add b", "user get ann", "user grant ann --roles a", "user grant none --roles a",
            "user grant ann", "user revoke ann --roles b", "user revoke ann --roles b", "user revoke none --roles b", "user revoke ann", "user get ann", "user remove ann", "user remove ann", "user remove bob", "role remove a", "role remove b", "user list"));
        yield return new("ctl2-admin/user-usage", s => s.Run("user", "user add", "user get", "user remove", "user grant", "user revoke", "user passwd none", "user nonsense"));
        yield return new("ctl2-admin/roles", s => s.Run(
            "role list", "role add r", "role add r", "role list", "role get r", "role get none", "role get root", "role grant r --path /a --read", "role grant r --path /a --read", "role grant r --path '/b/*' --write", "role grant r --path /c --readwrite", "role grant r --path '/d*' --rw",
            "role get r", "role revoke r --path /a --read", "role revoke r --path /a --read", "role revoke r --path '/b/*' --rw", "role get r", "role grant none --path /a --read", "role grant r --path /a", "role grant r --read", "role grant r --path /a --read --write", "role grant root --path /a --read",
            "role remove r", "role remove r", "role remove root", "role add root", "role list"));
        yield return new("ctl2-admin/role-usage", s => s.Run("role", "role add", "role get", "role remove", "role grant", "role revoke", "role nonsense"));
        yield return new("ctl2-admin/auth", s => s.Run(
            "auth enable", "auth disable", "user add root:rp", "auth enable", "auth enable", "-u root:rp auth enable", "user list", "-u root:rp user list", "-u root:bad user list", "-u root:rp role list", "set /k v", "get /k", "-u root:rp role remove guest", "set /k w", "get /k", "ls", "rm /k", "mkdir /d", "watch /k",
            "-u root:rp set /k w", "-u root:rp get /k", "-u root:bad get /k", "-u nobody:x get /k", "-u root:rp user remove root", "auth disable", "-u root:rp auth disable", "-u root:rp auth disable", "get /k", "user remove root", "auth nonsense", "auth"));
        yield return new("ctl2-admin/permissions", s => s.Run(
            "user add root:rp", "role add r", "role grant r --path '/mine/*' --rw", "role grant r --path '/see' --read", "user add ann:ap", "user grant ann --roles r", "auth enable", "-u root:rp role remove guest", "-u ann:ap set /mine/a v", "-u ann:ap get /mine/a", "-u ann:ap ls /mine",
            "-u ann:ap ls --sort /mine/", "-u ann:ap ls --recursive /mine/", "-u ann:ap get /see", "-u ann:ap set /see v", "-u ann:ap set /other v", "-u ann:ap rm /mine/a", "-u ann:ap mkdir /mine/d", "-u ann:ap rm -r /mine/d", "-u ann:ap user list", "-u ann:ap user get ann", "-u ann:ap role get r",
            "-u ann:ap member list", "-u ann:ap member add x http://127.0.0.1:1", "-u ann:ap cluster-health", "member list", "cluster-health", "-o json -u ann:ap get /other", "-u root:rp user revoke ann --roles r", "-u ann:ap get /mine/a",
            "-u root:rp auth disable", "user remove ann", "user remove root", "role remove r", "rm -r /mine"));
        yield return new("ctl2-admin/member-list", s => s.Run("member list", "cluster-health", "member", "member remove 1234", "member remove x", "member update 1234 http://127.0.0.1:1", "member update", "member add", "member add a", "member add a nonsense", "member remove"));
    }
}
