using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>A progress notification at R means that nothing at or below R is still to come, on this stream or on a later one. On one stream they never fall.</summary>
public sealed class Bookmarkable : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        long highest = 0;
        foreach (var opening in record.Openings)
        {
            long last = 0;
            foreach (var response in opening.Responses)
            {
                if (response.Kind == ResponseKind.Progress)
                {
                    if (response.Revision < last)
                        return $"a bookmark at {response.Revision} came after one at {last}";
                    last = response.Revision;
                    highest = Math.Max(highest, last);
                }
                foreach (var heard in response.Events)
                {
                    if (heard.Revision <= highest)
                        return $"{heard} came after a bookmark at {highest}";
                }
            }
        }
        return null;
    }
}
