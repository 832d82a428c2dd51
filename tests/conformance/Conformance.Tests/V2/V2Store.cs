using System.Text;
using System.Text.Json;
using Conformance.Harness;

namespace Conformance.V2;

/// <summary>What a v2 scenario finds: an empty tree (but for hidden keys, which scenarios keep below their own directories).</summary>
internal static class V2Store
{
    public static readonly (string, string) Form = ("Content-Type", "application/x-www-form-urlencoded");

    /// <summary>Removes everything that is listed at the root.</summary>
    /// <returns>The store index from which the scenario counts.</returns>
    public static async Task<long> EmptyAsync(Target target)
    {
        using var listing = await RawHttp.SendAsync(target.ClientPort, "GET", "/v2/keys/", [], null);
        using var root = JsonDocument.Parse(await listing.ReadToEndAsync());
        var index = long.Parse(listing.Header("x-etcd-index")!);
        if (!root.RootElement.GetProperty("node").TryGetProperty("nodes", out var nodes))
            return index;
        foreach (var node in nodes.EnumerateArray())
        {
            var path = Uri.EscapeDataString(node.GetProperty("key").GetString()![1..]);
            index = await WriteAsync(target, "DELETE", $"/v2/keys/{path}?recursive=true", null);
        }
        return index;
    }

    /// <summary>A write that must succeed; returns the index after it.</summary>
    public static async Task<long> WriteAsync(Target target, string method, string path, string? form)
    {
        using var answer = await RawHttp.SendAsync(
            target.ClientPort, method, path, [Form], form is null ? null : Encoding.UTF8.GetBytes(form));
        var body = await answer.ReadToEndAsync();
        if (answer.StatusLine[0] != '2')
            throw new InvalidOperationException($"{target.Label} answered {method} {path} with {answer.StatusLine}: {body}");
        return long.Parse(answer.Header("x-etcd-index")!);
    }
}
