using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>
/// Copies the roles of v2, and says how the users are made: their passwords are hashes that the API neither shows nor takes.
/// </summary>
/// <param name="target">Any folder of the server to write to.</param>
/// <param name="output">Hears what was done and what is left to do.</param>
internal sealed class AccessCopy(PersistentEndpoint target, TextWriter output)
{
    private const string Roles = "/v2/auth/roles";

    /// <summary>Asks a server.</summary>
    /// <exception cref="V2AccessRefusedException">It does not say.</exception>
    /// <exception cref="JsonException">It is no v2 server.</exception>
    public static async Task<V2Access> OfAsync(PersistentEndpoint source, CancellationToken cancellation) => V2Access.Parse(
        await SuccessAsync(source, HttpMethod.Get, Roles, "", cancellation).ConfigureAwait(false),
        await SuccessAsync(source, HttpMethod.Get, "/v2/auth/users", "", cancellation).ConfigureAwait(false));

    /// <exception cref="V2AccessRefusedException">The target refuses.</exception>
    public async Task WriteAsync(V2Access access, CancellationToken cancellation)
    {
        var roles = access.Roles.Where(static role => role.Name != V2Role.Root).ToList();
        foreach (var role in roles)
            await WriteAsync(role, cancellation).ConfigureAwait(false);
        await output.WriteLineAsync($"copied {roles.Count} roles").ConfigureAwait(false);
        foreach (var user in access.Users)
        {
            var grant = user.Roles.Where(role => (user.Name, role) != (V2Role.Root, V2Role.Root)).ToList();
            await output.WriteLineAsync(
                $"user {user.Name} is to be made with a password: etcdctl user add {user.Name}{(grant.Count > 0 ? $", etcdctl user grant {user.Name} --roles {string.Join(',', grant)}" : "")}").ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(V2Role role, CancellationToken cancellation)
    {
        var path = $"{Roles}/{Uri.EscapeDataString(role.Name)}";
        var (status, body) = await target.AskPlainAsync(HttpMethod.Get, path, "", cancellation).ConfigureAwait(false);
        if (status == HttpStatusCode.NotFound)
        {
            await SuccessAsync(target, HttpMethod.Put, path, Json(role.Name, ("permissions", role.Read, role.Write)), cancellation).ConfigureAwait(false);
            return;
        }
        Require(status, body);
        using var json = JsonDocument.Parse(body);
        var there = V2Role.Parse(json.RootElement);
        // What it has already is no grant to etcd, and no change is no request.
        var (grant, revoke) = (Difference(role, there), Difference(there, role));
        if (grant.Read.Count + grant.Write.Count + revoke.Read.Count + revoke.Write.Count > 0)
        {
            await SuccessAsync(target, HttpMethod.Put, path, Json(role.Name, ("grant", grant.Read, grant.Write), ("revoke", revoke.Read, revoke.Write)), cancellation).ConfigureAwait(false);
        }
    }

    private static V2Role Difference(V2Role one, V2Role less) => new(one.Name, [.. one.Read.Except(less.Read)], [.. one.Write.Except(less.Write)]);

    private static string Json(string name, params (string Key, IReadOnlyList<string> Read, IReadOnlyList<string> Write)[] parts)
    {
        var role = new JsonObject { ["role"] = name };
        foreach (var (key, read, write) in parts)
        {
            role[key] = new JsonObject
            {
                ["kv"] = new JsonObject { ["read"] = new JsonArray([.. read.Select(static text => JsonValue.Create(text))]), ["write"] = new JsonArray([.. write.Select(static text => JsonValue.Create(text))]) },
            };
        }
        return role.ToJsonString();
    }

    private static async Task<byte[]> SuccessAsync(PersistentEndpoint endpoint, HttpMethod method, string path, string json, CancellationToken cancellation)
    {
        var (status, body) = await endpoint.AskPlainAsync(method, path, json, cancellation).ConfigureAwait(false);
        Require(status, body);
        return body;
    }

    private static void Require(HttpStatusCode status, byte[] body)
    {
        if (status is not (HttpStatusCode.OK or HttpStatusCode.Created))
            throw new V2AccessRefusedException($"users and roles: {(int)status} {Encoding.UTF8.GetString(body).Trim()}");
    }
}
