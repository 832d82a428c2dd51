using System.Text.Json.Serialization;

namespace Hosting.Logging;

/// <summary>When a log file is begun anew, and what is kept of the old ones.</summary>
internal sealed record RotationSettings
{
    /// <summary>MiB that a file may have; 0: 100.</summary>
    [JsonPropertyName("maxsize")]
    public int MaxSizeMegabytes { get; init; }

    /// <summary>Days after which an old one is removed; 0: none is, for its age.</summary>
    [JsonPropertyName("maxage")]
    public int MaxAgeDays { get; init; }

    /// <summary>Old ones that are kept; 0: all.</summary>
    [JsonPropertyName("maxbackups")]
    public int MaxBackups { get; init; }

    /// <summary>Names of old ones are in local time, not UTC.</summary>
    [JsonPropertyName("localtime")]
    public bool LocalTime { get; init; }

    /// <summary>Old ones are compressed.</summary>
    [JsonPropertyName("compress")]
    public bool Compress { get; init; }
}

[JsonSerializable(typeof(RotationSettings))]
internal sealed partial class RotationJson : JsonSerializerContext;
