using System.Text.Json;

namespace EndToEnd.Tests.Observability;

/// <summary>A query of a panel.</summary>
internal sealed record PanelQuery(string Panel, string Query);

/// <summary>An alert rule.</summary>
internal sealed record AlertRule(string Name, string Query);

/// <summary>What compose.observability.yaml mounts.</summary>
internal static class ShippedFiles
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "deploy", "compose", "observability");

    public static string AlertsFile => Path.Combine(Folder, "alerts.yml");

    public static string ConfigurationFile => Path.Combine(Folder, "prometheus.yml");

    /// <summary>Of all dashboards.</summary>
    public static IReadOnlyList<PanelQuery> PanelQueries()
    {
        var queries = new List<PanelQuery>();
        foreach (var file in Directory.GetFiles(Path.Combine(Folder, "dashboards"), "*.json").Order(StringComparer.Ordinal))
        {
            using var board = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var panel in board.RootElement.GetProperty("panels").EnumerateArray().Where(static panel => panel.GetProperty("type").GetString() != "row"))
            {
                var name = $"{Path.GetFileName(file)}: {panel.GetProperty("title").GetString()}";
                queries.AddRange(panel.GetProperty("targets").EnumerateArray().Select(target => new PanelQuery(name, target.GetProperty("expr").GetString()!)));
            }
        }
        return queries;
    }

    public static IReadOnlyList<AlertRule> Alerts() =>
    [
        .. Yaml.Load(AlertsFile)[0].Get("groups").Items().SelectMany(static group => group.Get("rules").Items())
            .Select(static rule => new AlertRule(rule.Get("alert").Text()!, rule.Get("expr").Text()!)),
    ];

    /// <summary>The jobs that it scrapes, each with the names that it looks up.</summary>
    public static IReadOnlyList<(string Job, IReadOnlyList<string> Hosts, string Port)> Jobs() =>
    [
        .. Yaml.Load(ConfigurationFile)[0].Get("scrape_configs").Items().Select(static job =>
        {
            var lookup = job.Get("dns_sd_configs").Items().Single();
            return (job.Get("job_name").Text()!, (IReadOnlyList<string>)[.. lookup.Get("names").Items().Select(static name => name.Text()!)], lookup.Get("port").Text()!);
        }),
    ];
}
