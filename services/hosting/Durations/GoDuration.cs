using System.Buffers;
using System.Globalization;

namespace Hosting.Durations;

/// <summary>Durations as etcd's flags write them: Go's time.ParseDuration, with its complaints.</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> s_numberChars = SearchValues.Create("0123456789.");

    private static readonly (string Unit, long Nanoseconds)[] s_units =
    [
        ("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ];

    /// <summary>Reads a duration; otherwise <paramref name="complaint"/> says, in Go's words, what is wrong with it.</summary>
    /// <param name="text">"0", or a sign and one or more of number and unit: "1h30m", "1.5s".</param>
    /// <param name="nanoseconds">The value.</param>
    /// <param name="complaint">"" when it can be read.</param>
    public static bool TryParse(string text, out long nanoseconds, out string complaint)
    {
        nanoseconds = 0;
        complaint = $"time: invalid duration \"{text}\"";
        var rest = text.AsSpan();
        var isNegative = rest is ['-', ..];
        if (rest is ['-' or '+', ..])
            rest = rest[1..];
        if (rest.IsEmpty)
            return false;
        decimal sum = 0;
        if (rest.SequenceEqual("0"))
            rest = default;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(s_numberChars);
            var number = digits < 0 ? rest : rest[..digits];
            if (!TryNumber(number, out var value))
                return false;
            rest = rest[number.Length..];
            var length = rest.IndexOfAny(s_numberChars);
            var unit = (length < 0 ? rest : rest[..length]).ToString();
            if (unit.Length == 0)
            {
                complaint = $"time: missing unit in duration \"{text}\"";
                return false;
            }
            var scale = Array.Find(s_units, known => known.Unit == unit).Nanoseconds;
            if (scale == 0)
            {
                complaint = $"time: unknown unit \"{unit}\" in duration \"{text}\"";
                return false;
            }
            sum += decimal.Truncate(value * scale);
            if (sum > long.MaxValue)
                return false;
            rest = rest[unit.Length..];
        }
        nanoseconds = isNegative ? -(long)sum : (long)sum;
        complaint = "";
        return true;
    }

    /// <summary>The same as a time span, in its steps of 100 ns.</summary>
    public static bool TryParse(string text, out TimeSpan duration, out string complaint)
    {
        var isValid = TryParse(text, out long nanoseconds, out complaint);
        duration = TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
        return isValid;
    }

    /// <summary>As Go prints it: "1h2m3.5s", "1.5ms", "0s".</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
            return "-" + Format(-duration);
        var nanoseconds = (decimal)duration.Ticks * TimeSpan.NanosecondsPerTick;
        if (nanoseconds == 0)
            return "0s";
        if (nanoseconds < 1_000)
            return Text(nanoseconds, "ns");
        if (nanoseconds < 1_000_000)
            return Text(nanoseconds / 1_000, "µs");
        if (nanoseconds < 1_000_000_000)
            return Text(nanoseconds / 1_000_000, "ms");
        var (hours, minutes) = ((long)duration.TotalHours, duration.Minutes);
        var seconds = Text(nanoseconds / 1_000_000_000 % 60, "s");
        return hours > 0 ? $"{hours}h{minutes}m{seconds}" : minutes > 0 ? $"{minutes}m{seconds}" : seconds;

        static string Text(decimal value, string unit) => value.ToString("0.#########", CultureInfo.InvariantCulture) + unit;
    }

    // Digits with at most one dot; more than 18 digits are more than any duration has.
    private static bool TryNumber(ReadOnlySpan<char> text, out decimal value)
    {
        value = 0;
        return text.Length is > 0 and <= 19 && text.Count('.') <= 1 && !text.SequenceEqual(".")
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
    }
}
