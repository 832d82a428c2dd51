using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>Events come in the order of their revisions, those of one revision in the order of its transaction, also over the streams of a watch that was resumed.</summary>
public sealed class Ordered : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        WatchEvent? before = null;
        foreach (var heard in record.Heard)
        {
            if (before is { } last && (heard.Revision < last.Revision || (heard.Revision == last.Revision && Place(heard, history) < Place(last, history))))
                return $"{heard} came after {last}";
            before = heard;
        }
        return null;
    }

    private static int Place(WatchEvent heard, WrittenHistory history)
    {
        var events = history.At(heard.Revision);
        for (var place = 0; place < events.Count; place++)
        {
            if (events[place].Key == heard.Key)
                return place;
        }
        return events.Count;
    }
}
