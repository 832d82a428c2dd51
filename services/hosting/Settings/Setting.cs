namespace Hosting.Settings;

/// <summary>How the text of a setting is read.</summary>
public enum SettingKind
{
    Text,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>A whole number from <see cref="Setting.Min"/> to <see cref="Setting.Max"/>.</summary>
    Count,

    /// <summary>A number from 0 to 1.</summary>
    Share,

    /// <summary>A duration as in etcd's flags: 1h30m, 1.5s, 0s.</summary>
    Duration,

    /// <summary>One of <see cref="Setting.Choices"/>.</summary>
    Choice,

    /// <summary>An http or https URL.</summary>
    Url,

    /// <summary>Http or https URLs, between commas.</summary>
    Urls,

    /// <summary>URLs of client ports, between commas: http, https, unix, unixs.</summary>
    ClientUrls,

    /// <summary>Where to listen: an http or https URL whose host is an IP address, localhost, * or +; or nothing.</summary>
    Listen,

    /// <summary>Where another service is: http or https URLs between commas, or one dns:///host:port.</summary>
    Service,

    /// <summary>The same, or by way of a Dapr sidecar: dapr:app-id, several between commas.</summary>
    ServiceOrApp,
}

/// <summary>One setting of a service process: <c>--Key:Sub value</c> or <c>Key__Sub</c> in the environment.</summary>
/// <param name="Key">As in the configuration; of no section: one word.</param>
/// <param name="Kind">What it must be.</param>
/// <param name="Default">What holds when it is not given, as it would be written; "" is nothing.</param>
/// <param name="Meaning">For whoever runs it: no capital, no full stop.</param>
public sealed record Setting(string Key, SettingKind Kind, string Default, string Meaning)
{
    public long Min { get; init; }

    public long Max { get; init; } = long.MaxValue;

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>It must be given.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Its value is shown nowhere.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Its name in the environment.</summary>
    public string Variable => Key.Replace(":", "__", StringComparison.Ordinal);
}
