using System.Globalization;
using System.Text;
using System.Text.Json;
using Conformance.Harness;

namespace Conformance.Json;

/// <summary>
/// Shows the bodies of the JSON gateway in the order in which their fields come, without white space, which builds of etcd set as they like. What only one server can know
/// is hidden; bytes are shown as text.
/// </summary>
internal sealed class JsonText(Normaliser normaliser)
{
    private static readonly HashSet<string> s_positions =
        ["revision", "create_revision", "mod_revision", "compact_revision", "start_revision", "rev"];

    private static readonly HashSet<string> s_counters = ["raft_term", "raftTerm", "raftIndex", "raftAppliedIndex", "dbSize", "dbSizeInUse", "hash"];
    private static readonly HashSet<string> s_bytes = ["key", "value", "range_end", "name"];

    /// <summary>
    /// An error's own form differs between releases (v3-wire §3.3), code and message do not: only these are shown, unless <see cref="ShowsErrorsWhole"/>.
    /// </summary>
    public bool ShowsErrorsWhole { get; init; }

    /// <summary>Bytes are text only in answers of methods that have bytes there: a member's name is a string.</summary>
    public bool HasTextNames { get; set; }

    /// <summary>The version of the server counts only where both are of the same release.</summary>
    public bool HidesVersion { get; init; }

    /// <summary>One body, or one line of a stream.</summary>
    public string Body(string body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return normaliser.Hidden(body);
        }
        using (document)
            return normaliser.Hidden(Show(document.RootElement, ""));
    }

    private string Show(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Object when Error(element) is { } error => error,
        JsonValueKind.Object => "{" + string.Join(',', element.EnumerateObject().Select(member => $"{member.Name}:{Show(member.Value, member.Name)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', element.EnumerateArray().Select(one => Show(one, name))) + "]",
        JsonValueKind.String => Text(element.GetString()!, name),
        JsonValueKind.Number when s_counters.Contains(name) => "<n>",
        _ => element.GetRawText(),
    };

    private string Text(string text, string name)
    {
        if (s_positions.Contains(name) && long.TryParse(text, CultureInfo.InvariantCulture, out var position))
            return $"\"{normaliser.Position(position)}\"";
        if (s_counters.Contains(name) && ulong.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0)
            return "\"<n>\"";
        if (name == "version" && HidesVersion && text.StartsWith("3.", StringComparison.Ordinal))
            return "\"<release>\"";
        if (name == "TTL" && long.TryParse(text, CultureInfo.InvariantCulture, out var ttl) && ttl is > 90 and <= 100)
            return "\"<nearly 100>\"";
        var bytes = new byte[text.Length];
        return s_bytes.Contains(name) && !(HasTextNames && name == "name") && Convert.TryFromBase64String(text, bytes, out var length)
            ? $"b'{Encoding.UTF8.GetString(bytes, 0, length)}'"
            : $"\"{text}\"";
    }

    private string? Error(JsonElement element)
    {
        if (ShowsErrorsWhole)
        {
            // The order of an error's fields is not the same in all builds.
            return element.TryGetProperty("message", out _) && (element.TryGetProperty("code", out _) || element.TryGetProperty("grpc_code", out _))
                ? "{" + string.Join(',', element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(m => m.Name + ":" + m.Value.GetRawText())) + "}"
                : null;
        }
        if (!element.TryGetProperty("message", out var message))
            return null;
        return element.TryGetProperty("code", out var code) || element.TryGetProperty("grpc_code", out code) ? $"error {code} {message}" : null;
    }
}
