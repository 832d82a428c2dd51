using System.Text.Json;
using System.Text.RegularExpressions;
using Conformance.Harness;

namespace Conformance.V2;

/// <summary>
/// Normalises v2 bodies without re-encoding them: the order of fields, the escapes and the white space of the server
/// stay visible.
/// </summary>
internal sealed partial class V2Text(Normaliser normaliser)
{
    private readonly HashSet<long> _askedTtls = [];

    public void ExpectTtl(long seconds) => _askedTtls.Add(seconds);

    public string Body(string body)
    {
        body = normaliser.Positions(Index(), body);
        body = normaliser.Positions(InOrderName(), body);
        body = normaliser.Positions(HistoryStart(), body);
        body = CompareCause().Replace(body, cause => normaliser.Positions(ComparedIndexes(), cause.Value));
        body = Expiration().Replace(body, "\"expiration\":\"<time>\"");
        body = StatsTime().Replace(body, "\"$1\":\"<$1>\"");
        body = Ttl().Replace(body, match => $"\"ttl\":{Remaining(long.Parse(match.Groups[1].ValueSpan))}");
        return normaliser.Hidden(body);
    }

    /// <summary>The request line, with the indexes in its parameters and in-order names shown relative.</summary>
    public string Target(string target)
    {
        target = normaliser.Positions(IndexParameter(), target);
        return normaliser.Positions(InOrderName(), target);
    }

    /// <summary>Unless sorting was asked for, the order of a listing is unspecified: show it by key.</summary>
    public static string SortListings(string body)
    {
        if (!body.Contains("\"nodes\":[", StringComparison.Ordinal))
            return body;
        using var document = JsonDocument.Parse(body);
        return Sorted(document.RootElement) + (body.EndsWith('\n') ? "\n" : "");
    }

    private static string Sorted(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', element.EnumerateObject().Select(p => $"\"{p.Name}\":{Sorted(p.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', element.EnumerateArray()
            .OrderBy(e => e.GetProperty("key").GetString(), StringComparer.Ordinal).Select(Sorted)) + "]",
        _ => element.GetRawText(),
    };

    private string Remaining(long seconds)
    {
        var asked = _askedTtls.Where(a => seconds > 0 && normaliser.CanBeLeft(seconds, a)).DefaultIfEmpty(-1).Min();
        return asked < 0 ? seconds.ToString() : $"<{asked} or a little less>";
    }

    [GeneratedRegex("""
        "(modifiedIndex|createdIndex|index)":(?<n>\d+)
        """)]
    private static partial Regex Index();

    [GeneratedRegex(@"/(?<n>0\d{19})(?![0-9])")]
    private static partial Regex InOrderName();

    [GeneratedRegex(@"requested history has been cleared \[(?<n>\d+)/(?<n>\d+)\]")]
    private static partial Regex HistoryStart();

    [GeneratedRegex("""
        "errorCode":101,"message":"[^"]*","cause":"[^"]*"
        """)]
    private static partial Regex CompareCause();

    [GeneratedRegex(@"\[(?<n>\d+) != (?<n>\d+)\]")]
    private static partial Regex ComparedIndexes();

    [GeneratedRegex("""
        "expiration":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"
        """)]
    private static partial Regex Expiration();

    [GeneratedRegex("""
        "(startTime|uptime)":"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z|(?:\d+m)?\d+(?:\.\d{1,9})?(?:s|ms|µs|ns))"
        """)]
    private static partial Regex StatsTime();

    [GeneratedRegex("""
        "ttl":(\d+)
        """)]
    private static partial Regex Ttl();

    [GeneratedRegex(@"(?:prevIndex|waitIndex)=(?<n>\d{1,18})(?![0-9])")]
    private static partial Regex IndexParameter();
}
