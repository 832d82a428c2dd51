using System.Globalization;
using System.Text;

namespace ApiGateway.Core.V2;

/// <summary>Numbers, durations and times as Go writes them in JSON.</summary>
public static class GoNumber
{
    private const long NanosPerSecond = 1_000_000_000;

    /// <summary>The shortest digits that read back as the same number; an exponent only below 1e-6 and from 1e21 on.</summary>
    public static string Float(double value)
    {
        var shortest = value.ToString("E16", CultureInfo.InvariantCulture);
        for (var digits = 0; digits < 17; digits++)
        {
            shortest = value.ToString($"E{digits}", CultureInfo.InvariantCulture);
            if (double.Parse(shortest, CultureInfo.InvariantCulture) == value)
                break;
        }
        var e = shortest.IndexOf('E', StringComparison.Ordinal);
        var exponent = int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = value < 0 ? "-" : "";
        var mantissa = shortest[..e].Replace(".", "", StringComparison.Ordinal).TrimStart('-');
        if (value == 0)
            return "0";
        if (exponent is < -6 or >= 21)
            return $"{sign}{mantissa[0]}{(mantissa.Length > 1 ? "." + mantissa[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{mantissa}";
        return mantissa.Length <= exponent + 1
            ? sign + mantissa.PadRight(exponent + 1, '0')
            : $"{sign}{mantissa[..(exponent + 1)]}.{mantissa[(exponent + 1)..]}";
    }

    /// <summary>A duration that is not negative: <c>1h2m3.5s</c>, <c>1.5ms</c>, <c>0s</c>.</summary>
    public static string Duration(TimeSpan duration)
    {
        var nanos = duration.Ticks * TimeSpan.NanosecondsPerTick;
        if (nanos == 0)
            return "0s";
        if (nanos < 1_000)
            return $"{nanos}ns";
        if (nanos < 1_000_000)
            return Fraction(nanos, 1_000) + "µs";
        if (nanos < NanosPerSecond)
            return Fraction(nanos, 1_000_000) + "ms";
        var text = new StringBuilder();
        var minutes = nanos / (60 * NanosPerSecond);
        if (minutes >= 60)
            text.Append(minutes / 60).Append('h');
        if (minutes > 0)
            text.Append(minutes % 60).Append('m');
        return text.Append(Fraction(nanos % (60 * NanosPerSecond), NanosPerSecond)).Append('s').ToString();
    }

    /// <summary>A moment in UTC, RFC 3339, its fraction of a second as long as it has to be.</summary>
    public static string Time(DateTimeOffset moment)
    {
        var text = moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture).TrimEnd('0').TrimEnd('.');
        return text + "Z";
    }

    private static string Fraction(long value, long unit)
    {
        var whole = value / unit;
        var rest = (value % unit).ToString(CultureInfo.InvariantCulture).PadLeft((unit - 1).ToString(CultureInfo.InvariantCulture).Length, '0').TrimEnd('0');
        return rest.Length == 0 ? $"{whole}" : $"{whole}.{rest}";
    }
}
