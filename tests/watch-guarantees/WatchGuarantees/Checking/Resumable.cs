using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>
/// A watch that is opened at a revision goes on exactly there: what comes first is the first event wanted at or above it. Refused is only what was compacted, and then nothing
/// more comes.
/// </summary>
public sealed class Resumable : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history)
    {
        var next = record.From;
        foreach (var opening in record.Openings)
        {
            if (opening.StartRevision > next)
                return $"it was resumed at {opening.StartRevision}, but had heard of nothing from {next} on";
            if (opening.From is not { } from)
                continue;
            if (Violation(record.Scope, opening, from, history) is { } what)
                return what;
            next = new WatchRecord(record.Name, record.Scope) { Openings = [opening] }.Next;
        }
        return null;
    }

    private static string? Violation(WatchScope scope, WatchOpening opening, long from, WrittenHistory history)
    {
        var next = from;
        var isFirst = true;
        for (var n = 0; n < opening.Responses.Count; n++)
        {
            var response = opening.Responses[n];
            switch (response.Kind)
            {
                case ResponseKind.Events when isFirst:
                    isFirst = false;
                    var first = First(scope, from, history);
                    if (first is null || response.Events is not [var heard, ..] || (heard.Revision, heard.Key) != (first.Value.Revision, first.Value.Key))
                        return $"opened at {from} it heard first {response}, and the first to come was {first}";
                    break;
                case ResponseKind.Canceled when n + 1 < opening.Responses.Count:
                    return $"after its end came {opening.Responses[n + 1]}";
                case ResponseKind.Canceled when response.CompactRevision > 0 && (response.CompactRevision <= next || response.CompactRevision > history.Compacted):
                    return $"{response}, but it had come to {next} and compacted was {history.Compacted}";
            }
            if (response is { Kind: ResponseKind.Events, Fragment: false })
                next = Math.Max(next, response.Events[^1].Revision + 1);
        }
        return null;
    }

    private static WatchEvent? First(WatchScope scope, long from, WrittenHistory history)
    {
        for (var revision = Math.Max(from, history.First); revision <= history.Last; revision++)
        {
            foreach (var written in history.At(revision))
            {
                if (scope.Wants(written))
                    return written;
            }
        }
        return null;
    }
}
