using WatchGuarantees.History;

namespace WatchGuarantees.Checking;

/// <summary>
/// The events of a revision come whole in one response. Who asked for fragments gets a run of responses of which all but the last say that more follows; only the end of
/// the stream or of the watch may cut it short.
/// </summary>
public sealed class Atomic : IGuarantee
{
    public string? Violation(WatchRecord record, WrittenHistory history) =>
        record.Openings.Select(opening => Violation(record.Scope, opening, history)).FirstOrDefault(what => what is not null);

    private static string? Violation(WatchScope scope, WatchOpening opening, WrittenHistory history)
    {
        var run = new List<WatchEvent>();
        foreach (var response in opening.Responses)
        {
            if (response.Fragment && !scope.Fragment)
                return $"it did not ask for fragments: {response}";
            if (response.Kind != ResponseKind.Events)
            {
                if (run.Count > 0 && response.Kind != ResponseKind.Canceled)
                    return $"{response} came between the fragments behind {run[^1]}";
                continue;
            }
            if (response.Events.Count == 0)
                return $"no events in {response}";
            run.AddRange(response.Events);
            if (response.Fragment)
                continue;
            if (Torn(scope, run, history) is { } torn)
                return torn;
            run.Clear();
        }
        return null;
    }

    private static string? Torn(WatchScope scope, List<WatchEvent> run, WrittenHistory history)
    {
        foreach (var revision in run.GroupBy(one => one.Revision))
        {
            var wanted = history.At(revision.Key).Count(one => scope.Wants(one));
            if (revision.Count() != wanted)
                return $"{revision.Count()} of the {wanted} events of revision {revision.Key} came together";
        }
        return null;
    }
}
