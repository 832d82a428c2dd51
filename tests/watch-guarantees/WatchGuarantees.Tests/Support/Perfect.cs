using WatchGuarantees.History;

namespace WatchGuarantees.Tests.Support;

/// <summary>A history, and what a server without faults tells watches of it: the tests spoil that, each in one way.</summary>
internal static class Perfect
{
    /// <summary>Revisions 2 to 9: puts, overwrites, deletes, and transactions of several keys at 4 and 7.</summary>
    public static WrittenHistory History()
    {
        var history = new WrittenHistory();
        history.Write(("a", "1"));
        history.Write(("b", "1"));
        history.Write(("a", "2"), ("b", "2"), ("c", "1"));
        history.Write(("z", "1"));
        history.Write(("a", null));
        history.Write(("c", null), ("b", "3"), ("a", "3"));
        history.Write(("z", "2"));
        history.Write(("a", "4"));
        return history;
    }

    /// <summary>One stream from a revision up to one: a response for each revision, and a bookmark at the end.</summary>
    public static WatchOpening Stream(WrittenHistory history, WatchScope scope, long start, long upTo)
    {
        var opening = new WatchOpening(start) { Responses = { new WatchResponse(ResponseKind.Created, start - 1) } };
        for (var revision = start; revision <= upTo; revision++)
        {
            var events = history.At(revision).Where(one => scope.Wants(one))
                .Select(one => scope.PreviousValue ? one : one with { Previous = null }).ToList();
            if (events.Count > 0)
                opening.Responses.Add(new WatchResponse(ResponseKind.Events, revision, events));
        }
        opening.Responses.Add(new WatchResponse(ResponseKind.Progress, upTo));
        return opening;
    }

    /// <summary>A watch of all keys below z, resumed once in the middle, that has everything.</summary>
    public static WatchRecord Record(WrittenHistory history, WatchScope? scope = null)
    {
        scope ??= new WatchScope("a", "z", PreviousValue: true);
        var record = new WatchRecord("w", scope) { CompleteUpTo = history.Last };
        record.Openings.Add(Stream(history, scope, 2, 5));
        record.Openings.Add(Stream(history, scope, 6, history.Last));
        return record;
    }
}
