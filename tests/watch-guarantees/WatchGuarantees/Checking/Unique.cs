using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>No event comes twice, also not over the streams of a watch that was resumed.</summary>
public sealed class Unique : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        var seen = new HashSet<(long, string)>();
        foreach (var heard in record.Heard)
        {
            if (!seen.Add((heard.Revision, heard.Key)))
                return $"{heard} came twice";
        }
        return null;
    }
}
