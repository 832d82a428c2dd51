using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>
/// header.revision: Created comes first on a stream and once; no response is older than an event in it or than a response before it, none is from the future; a watch that
/// compaction overtook is told so with revision 0.
/// </summary>
public sealed class Headers : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history) =>
        record.Openings.Select(opening => Violation(opening, history)).FirstOrDefault(what => what is not null);

    private static string? Violation(WatchOpening opening, WrittenHistory history)
    {
        long last = 0;
        for (var n = 0; n < opening.Responses.Count; n++)
        {
            var response = opening.Responses[n];
            if ((response.Kind == ResponseKind.Created) != (n == 0))
                return $"response {n} of its stream is {response}";
            if (response.Revision > history.Last)
                return $"the last revision written is {history.Last}: {response}";
            if (response is { Kind: ResponseKind.Canceled, CompactRevision: > 0 })
            {
                if (response.Revision != 0)
                    return $"a compacted watch is told no revision: {response}";
                continue;
            }
            if (response.Revision < last)
                return $"behind a response of revision {last}: {response}";
            if (response.Events is [.., var newest] && newest.Revision > response.Revision)
                return $"older than its event: {response}";
            last = response.Revision;
        }
        return null;
    }
}
