using System.Globalization;
using System.Text.RegularExpressions;
using ApiGateway.Core.Errors;

namespace ApiGateway.Core.Versions;

/// <summary>To which release a cluster may be taken back: the minor one before its own, as etcd reads it.</summary>
public static partial class DowngradeRule
{
    /// <summary>Decides about a request to go to <paramref name="asked"/>.</summary>
    /// <param name="asked">As it was asked for, such as "3.4" or "3.4.1-rc.0": only major and minor number count.</param>
    /// <param name="clusterVersion">Such as "3.5.0".</param>
    /// <param name="target">On success: such as "3.4.0".</param>
    public static EtcdError Decide(string asked, string clusterVersion, out string target)
    {
        target = "";
        // "3.4" is short for "3.4.0"; nothing shorter is anything.
        if (!TryRead(asked, out var major, out var minor) && !TryRead(asked + ".0", out major, out minor))
            return EtcdError.WrongDowngradeVersionFormat;
        if (!TryRead(clusterVersion, out var clusterMajor, out var clusterMinor))
            return EtcdError.ClusterVersionUnavailable;
        if ((major, minor) != (clusterMajor, clusterMinor - 1))
            return EtcdError.InvalidDowngradeTarget;
        target = $"{major}.{minor}.0";
        return EtcdError.None;
    }

    private static bool TryRead(string version, out long major, out long minor)
    {
        (major, minor) = (0, 0);
        var match = SemanticVersion().Match(version);
        return match.Success && TryParse(match.Groups[1], out major) && TryParse(match.Groups[2], out minor) && TryParse(match.Groups[3], out _);
    }

    private static bool TryParse(Group group, out long number) => long.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex(@"\A([0-9]+)\.([0-9]+)\.([0-9]+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\z")]
    private static partial Regex SemanticVersion();
}
