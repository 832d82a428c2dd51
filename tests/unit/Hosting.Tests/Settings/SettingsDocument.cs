using System.Text;
using ApiGateway.Host;
using Consensus.Host;
using Hosting.Settings;
using LeaseManager.Host;
using Standalone.Flags;
using Storage.Host;
using WatchHub.Host;

namespace Hosting.Tests.Settings;

/// <summary>docs/settings.md as the settings that the code declares have it.</summary>
internal static class SettingsDocument
{
    /// <summary>The services with the settings of their own.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<Setting> Settings)> Tables { get; } =
    [
        ("Every service", [.. ProcessSettings.All.Where(static setting => !setting.Key.StartsWith("OTEL_", StringComparison.Ordinal))]),
        ("Where the other services are", ProcessSettings.Services()),
        ("consensus", ConsensusSettings.Own),
        ("storage", StorageSettings.Own),
        ("watch-hub", WatchHubSettings.Own),
        ("lease-manager", LeaseManagerSettings.Own),
        ("api-gateway", GatewaySettings.Own),
        ("Telemetry", ProcessSettings.OpenTelemetry),
    ];

    public static string Render()
    {
        var text = new StringBuilder("""
            # Settings

            Made of what the programs declare, by `SETTINGS_REWRITE=1 dotnet test tests/unit/Hosting.Tests --filter SettingsDocument`; a test compares.

            A service process takes `--Key:Sub value` on its command line or `Key__Sub` in its environment; the command line counts. The standalone process takes
            etcd's flags and their variables, or etcd's configuration file. A process with a mistake in its settings names all of them, a line each, and ends with code 1; the
            standalone process names the first one, as etcd does. Durations are written as for etcd: `1h30m`, `1.5s`. Files of keys are named, never quoted, and no secret is logged.


            """);
        foreach (var (title, settings) in Tables)
        {
            text.Append($"## {title}\n\n");
            if (title == "Telemetry")
                text.Append("Standard variables of OpenTelemetry, for services and for the standalone process; the SDK's others (`OTEL_BSP_*`, `OTEL_RESOURCE_ATTRIBUTES`, ...) hold as well.\n\n");
            text.Append("| setting | variable | default | meaning |\n|---|---|---|---|\n");
            foreach (var setting in settings)
                text.Append($"| `{setting.Key}` | `{setting.Variable}` | {Code(setting.Default)} | {Cell(setting.Meaning)}{Demand(setting)} |\n");
            text.Append('\n');
        }
        text.Append("## standalone\n\n| flag | variable | default | meaning |\n|---|---|---|---|\n");
        foreach (var flag in FlagTable.All.Values.OrderBy(static flag => flag.Name, StringComparer.Ordinal))
            text.Append($"| `--{flag.Name}` | `{flag.Variable}` | {Code(flag.Default)} | {Cell(flag.Effect ?? "no effect: " + flag.Reason)} |\n");
        return text.ToString();
    }

    private static string Demand(Setting setting) =>
        setting.IsRequired ? "; required"
        : setting.Choices.Count > 0 ? "; " + string.Join(", ", setting.Choices)
        : "";

    private static string Code(string value) => value.Length == 0 ? "" : $"`{value}`";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
