using System.Text.Json;

namespace EndToEnd.Tests.Startup;

/// <summary>v2 key spaces as text, to be compared.</summary>
internal static class V2Trees
{
    /// <summary>Paths, values and whether they end, in the order of the paths.</summary>
    public static async Task<string> TreeAsync(V2Client client, string directory = "")
    {
        var lines = new List<string>();
        Collect((await client.GetAsync($"v2/keys/{directory}?recursive=true&sorted=true")).Node, lines, static node =>
            $"{node.GetProperty("key")} {(node.TryGetProperty("value", out var value) ? $"= {value}" : "is a directory")}{(node.TryGetProperty("ttl", out _) ? ", for a time" : "")}");
        return string.Join('\n', lines);
    }

    /// <summary>Keys in the order of their creation; siblings that were created by the same request have none.</summary>
    public static async Task<string> CreationOrderAsync(V2Client client)
    {
        var lines = new List<string>();
        Collect((await client.GetAsync("v2/keys/?recursive=true&sorted=true")).Node, lines, static node =>
            node.TryGetProperty("dir", out _) ? "" : $"{node.GetProperty("createdIndex").GetUInt64():D20} {node.GetProperty("key")}");
        return string.Join('\n', lines.Where(static line => line.Length > 0).Order().Select(static line => line[20..]));
    }

    private static void Collect(JsonElement node, List<string> lines, Func<JsonElement, string> show)
    {
        if (node.TryGetProperty("key", out _))
            lines.Add(show(node));
        if (node.TryGetProperty("nodes", out var nodes))
        {
            foreach (var child in nodes.EnumerateArray())
                Collect(child, lines, show);
        }
    }
}
