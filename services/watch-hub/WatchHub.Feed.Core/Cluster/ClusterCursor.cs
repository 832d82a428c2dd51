using System.Text.Json;

namespace WatchHub.Feed.Core.Cluster;

/// <summary>
/// Where a feed of cluster events is, as the store has it: what was seen, and the events that follow from it and may not be published yet. Events are noted before they are published,
/// so that whoever goes on publishes the very same.
/// </summary>
public sealed record ClusterCursor
{
    /// <summary>Counts the events whose ids need a number.</summary>
    public long Sequence { get; init; }

    public ClusterPicture Seen { get; init; } = new();

    /// <summary>In order.</summary>
    public IReadOnlyList<ClusterChange> Pending { get; init; } = [];

    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);

    /// <summary>Null when it is none: somebody else wrote there.</summary>
    public static ClusterCursor? TryDecode(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<ClusterCursor>(json, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
