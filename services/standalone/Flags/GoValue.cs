using System.Globalization;
using Hosting.Durations;

namespace Standalone.Flags;

/// <summary>Values as Go's flag package reads them, and its complaints.</summary>
internal static class GoValue
{
    private const string ParseError = "parse error";
    private const string RangeError = "value out of range";

    /// <summary>Null when <paramref name="text"/> is a value of that flag, otherwise what Go says is wrong with it.</summary>
    public static string? Complaint(Flag flag, string text) => flag.Kind switch
    {
        FlagKind.Bool => TryBool(text, out _) ? null : ParseError,
        FlagKind.Int => IntegerComplaint(text, long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)),
        FlagKind.UInt => IntegerComplaint(text, ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)),
        FlagKind.Duration => GoDuration.TryParse(text, out long _, out _) ? null : ParseError,
        FlagKind.Urls => MemberUrls.Complaint(text),
        FlagKind.Origins => text.Split(',').Where(static origin => origin is not ("*" or "")).Select(MemberUrls.Complaint).FirstOrDefault(static complaint => complaint is not null),
        FlagKind.Choice => flag.Choices.Contains(text) ? null : "invalid value",
        _ => null,
    };

    /// <summary>Go's strconv.ParseBool.</summary>
    public static bool TryBool(string text, out bool value)
    {
        value = text is "1" or "t" or "T" or "true" or "TRUE" or "True";
        return value || text is "0" or "f" or "F" or "false" or "FALSE" or "False";
    }

    private static string? IntegerComplaint(string text, bool isValid)
    {
        if (isValid)
            return null;
        var digits = text.StartsWith('-') || text.StartsWith('+') ? text[1..] : text;
        return digits.Length > 18 && digits.All(char.IsAsciiDigit) ? RangeError : ParseError;
    }
}
