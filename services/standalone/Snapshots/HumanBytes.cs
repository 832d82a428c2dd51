using System.Globalization;

namespace Standalone.Snapshots;

/// <summary>Sizes as etcd's tools print them: decimal units, two digits at least when there are two.</summary>
internal static class HumanBytes
{
    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    public static string Text(long bytes)
    {
        if (bytes < 10)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        var unit = 0;
        decimal scale = 1;
        for (; unit < s_units.Length - 1 && bytes >= scale * 1000; unit++)
            scale *= 1000;
        var value = Math.Floor((bytes / scale * 10) + 0.5m) / 10;
        if (value >= 10)
            value = Math.Round(value, MidpointRounding.ToEven);
        return $"{value.ToString(value < 10 ? "F1" : "F0", CultureInfo.InvariantCulture)} {s_units[unit]}";
    }
}
