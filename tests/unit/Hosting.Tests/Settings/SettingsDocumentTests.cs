using System.Text.RegularExpressions;
using Standalone.Flags;

namespace Hosting.Tests.Settings;

/// <summary>Goal: the table of settings is whole and has nothing else. Method: it is made of what is declared, and what is declared is compared with what the source reads.</summary>
public sealed partial class SettingsDocumentTests
{
    private static readonly string s_root = FindRoot();

    [Fact]
    public void Document_IsWhatTheProgramsDeclare()
    {
        var path = Path.Combine(s_root, "docs", "settings.md");
        if (Environment.GetEnvironmentVariable("SETTINGS_REWRITE") == "1")
            File.WriteAllText(path, SettingsDocument.Render());
        Assert.Equal(SettingsDocument.Render(), File.ReadAllText(path));
    }

    [Fact]
    public void Settings_AreExactlyThoseThatTheSourceReads()
    {
        var declared = SettingsDocument.Tables.SelectMany(static table => table.Settings).Select(static setting => setting.Key)
            // The SDK reads it, with all of its kind.
            .Where(static key => !key.StartsWith("OTEL_EXPORTER_OTLP_", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        var read = KeysRead().Where(static key => !key.StartsWith("OTEL_EXPORTER_OTLP_", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(declared, read);
    }

    [Fact]
    public void Flags_ThatHaveAnEffect_AreRead()
    {
        var source = string.Join('\n', Sources("standalone").Where(static file => !file.EndsWith("FlagTable.cs", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.All(
            FlagTable.All.Values.Where(static flag => flag.Effect is not null),
            flag => Assert.Contains($"\"{flag.Name}\"", source, StringComparison.Ordinal));
        Assert.All(FlagRead().Matches(source), static match => Assert.True(FlagTable.All.ContainsKey(match.Groups[1].Value), match.Value));
    }

    private static IEnumerable<string> KeysRead()
    {
        foreach (var path in Sources(""))
        {
            // Where they are declared, and where the standalone process sets them.
            if (Declaration().IsMatch(path) || path.Contains("/standalone/", StringComparison.Ordinal))
                continue;
            var source = File.ReadAllText(path);
            foreach (Match match in FullKey().Matches(source))
                yield return match.Groups[1].Value;
            foreach (Match match in TopKey().Matches(source))
                yield return match.Groups[1].Value;
            foreach (Match match in Endpoint().Matches(source))
                yield return "Services:" + match.Groups[1].Value;
            foreach (Match match in SignalKey().Matches(source))
            {
                yield return match.Groups[1].Value.Replace("{signal}", "TRACES", StringComparison.Ordinal);
                yield return match.Groups[1].Value.Replace("{signal}", "METRICS", StringComparison.Ordinal);
            }
            // Reads within a section, by the section that the file reads.
            string[] sections = Path.GetFileName(path) switch
            {
                "TlsConfiguration.cs" => ["Tls", "Gateway:Tls"],
                "ConsensusHosting.cs" => ["Consensus"],
                "GatewayConfiguration.cs" => ["Gateway"],
                "FeedConfiguration.cs" => ["Feed"],
                // Whoever reads a section is to be known here: what it reads is declared nowhere otherwise.
                var other => source.Contains("GetSection(", StringComparison.Ordinal) ? [$"a section that {other} reads"] : [],
            };
            foreach (Match match in SectionKey().Matches(source))
            {
                foreach (var section in sections)
                    yield return $"{section}:{match.Groups[1].Value}";
            }
        }
    }

    private static IEnumerable<string> Sources(string service) =>
        Directory.EnumerateFiles(Path.Combine(s_root, "services", service), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Distributed.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }

    [GeneratedRegex("/hosting/Settings/|/(?:Consensus|Storage|WatchHub|Feed|LeaseManager|Gateway)Settings\\.cs$")]
    private static partial Regex Declaration();

    // "Storage:DataDir", whole; a section is none.
    [GeneratedRegex("(?<!GetSection\\()\"((?:Consensus|Storage|WatchHub|LeaseManager|Gateway|Feed|Tls|Dapr):[A-Za-z0-9]+(?::[A-Za-z0-9]+)?)\"")]
    private static partial Regex FullKey();

    // configuration["Listen"], or by a constant of that name.
    [GeneratedRegex("(?:onfiguration\\[|Variable = )\"([A-Z][A-Za-z0-9_:]*[A-Za-z0-9_])\"")]
    private static partial Regex TopKey();

    // configuration[$"OTEL_{signal}_EXPORTER"]
    [GeneratedRegex("onfiguration\\[\\$\"([A-Z_]*\\{signal\\}[A-Z_]*)\"\\]")]
    private static partial Regex SignalKey();

    // section["Name"], section.GetValue("Name", ...), Bound(configuration, "Name", ...)
    [GeneratedRegex("(?:section\\[|section\\.GetValue(?:<[^>]+>)?\\(|(?:Flag|Number|Duration)\\(section, |Bound\\(configuration, )\"([A-Za-z0-9]+)\"")]
    private static partial Regex SectionKey();

    // endpoints.Address("Storage"), endpoints.Channel("Storage")
    [GeneratedRegex("\\.(?:Address|Channel)\\(\"([A-Za-z]+)\"\\)")]
    private static partial Regex Endpoint();

    [GeneratedRegex("flags\\.(?:Text|Bool|UInt|Int|List|Duration)\\(\"([a-z0-9-]+)\"\\)")]
    private static partial Regex FlagRead();
}
