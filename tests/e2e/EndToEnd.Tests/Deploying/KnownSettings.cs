using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Deploying;

/// <summary>
/// Which settings the services read, by their source: a setting is known when its key is there as a whole ("Storage:DataDir"), or when its section and the rest of it are. Of what others define
/// only OpenTelemetry's variables are used.
/// </summary>
internal static partial class KnownSettings
{
    private static readonly Lazy<HashSet<string>> s_texts = new(ReadTexts);

    /// <summary>Null when a service reads it, otherwise a sentence.</summary>
    /// <param name="variable">As in an environment: <c>Section__Key</c>.</param>
    public static string? WhyUnknown(string variable)
    {
        if (variable.StartsWith("OTEL_", StringComparison.Ordinal))
            return null;
        var key = variable.Replace("__", ":", StringComparison.Ordinal);
        var isKnown = s_texts.Value.Contains(key)
            || (key.LastIndexOf(':') is > 0 and var colon && s_texts.Value.Contains(key[(colon + 1)..]) && (s_texts.Value.Contains(key[..colon]) || s_texts.Value.Contains(key[..(colon + 1)])));
        return isKnown ? null : $"no service reads {variable}";
    }

    private static HashSet<string> ReadTexts() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "services"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(static file => Texts().Matches(File.ReadAllText(file)).Select(static text => text.Groups[1].Value)),
    ];

    [GeneratedRegex("\"([A-Za-z][A-Za-z:]*)\"")]
    private static partial Regex Texts();
}
