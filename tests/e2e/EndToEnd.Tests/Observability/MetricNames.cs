using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Observability;

/// <summary>Finds the metrics that a query names: every word that is no function, operator, label or text.</summary>
internal static partial class MetricNames
{
    private static readonly HashSet<string> s_words = new(StringComparer.OrdinalIgnoreCase) { "and", "or", "unless", "bool", "offset", "atan2", "inf", "nan" };

    public static IEnumerable<string> Of(string query)
    {
        var bare = Quoted().Replace(query, "");
        bare = Braces().Replace(bare, "");
        bare = Ranges().Replace(bare, "");
        bare = Groupings().Replace(bare, "");
        return Words().Matches(bare).Select(static word => word.Value).Where(static word => !s_words.Contains(word)).Distinct();
    }

    [GeneratedRegex("\"[^\"]*\"|'[^']*'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Braces();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Ranges();

    [GeneratedRegex(@"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex Groupings();

    // Not a function, whose bracket follows, and not a unit behind a number.
    [GeneratedRegex(@"(?<![\w.])[A-Za-z_:][\w:]*\b(?!\s*\()")]
    private static partial Regex Words();
}
