namespace WatchGuarantees.History;

public enum ResponseKind
{
    Created,
    Events,

    /// <summary>A bookmark, of the watch or of its whole stream: nothing at or below its revision is still to come.</summary>
    Progress,
    Canceled,
}

/// <summary>One response as its watch heard it.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Revision">header.revision.</param>
/// <param name="Events">Of kind Events only.</param>
/// <param name="Fragment">More of the same follows in the next response.</param>
/// <param name="CompactRevision">Canceled: not 0 when compaction overtook the watch.</param>
public sealed record WatchResponse(
    ResponseKind Kind, long Revision, IReadOnlyList<WatchEvent> Events, bool Fragment = false, long CompactRevision = 0)
{
    public WatchResponse(ResponseKind kind, long revision)
        : this(kind, revision, [])
    {
    }

    public override string ToString() =>
        $"{Kind} at {Revision}{(Fragment ? " (fragment)" : "")}{(CompactRevision > 0 ? $" compacted {CompactRevision}" : "")}{(Events.Count > 0 ? $" [{string.Join("; ", Events)}]" : "")}";
}
