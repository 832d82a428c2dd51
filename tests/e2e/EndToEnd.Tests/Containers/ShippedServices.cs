using System.Text.Json;

namespace EndToEnd.Tests.Containers;

/// <summary>One service as compose.yaml has it.</summary>
/// <param name="Name">Of the service, and on its network.</param>
/// <param name="Image">Built from the Dockerfile.</param>
/// <param name="Environment">Its settings.</param>
/// <param name="KeepsData">Whether it has a volume at /data.</param>
internal sealed record ShippedService(string Name, string Image, IReadOnlyDictionary<string, string> Environment, bool KeepsData);

/// <summary>What the shipped compose files say, with every variable put in.</summary>
internal static class ShippedServices
{
    /// <summary>The services of a file that are ours.</summary>
    public static async Task<IReadOnlyList<ShippedService>> ReadAsync(ComposeProject project)
    {
        using var json = JsonDocument.Parse(await project.ComposeAsync(TimeSpan.FromMinutes(1), "config", "--format", "json"));
        return
        [
            .. json.RootElement.GetProperty("services").EnumerateObject().Where(static one => one.Name != "proxy").Select(static one => new ShippedService(
                one.Name,
                one.Value.GetProperty("image").GetString()!,
                one.Value.GetProperty("environment").EnumerateObject().ToDictionary(static variable => variable.Name, static variable => variable.Value.GetString() ?? ""),
                one.Value.TryGetProperty("volumes", out _))),
        ];
    }
}
