using WatchGuarantees.Checking;
using WatchGuarantees.History;
using WatchGuarantees.Tests.Support;

namespace WatchGuarantees.Tests;

/// <summary>Goal: what etcd allows passes. Method: histories by hand.</summary>
public sealed class RightHistoryTests
{
    private readonly WrittenHistory _history = Perfect.History();

    [Theory]
    [InlineData("a", "z")]
    [InlineData("a", "")]
    [InlineData("b", "\0")]
    [InlineData("q", "r")]
    public void Violation_PerfectWatch_IsNone(string key, string rangeEnd)
    {
        foreach (var options in Enumerable.Range(0, 8))
            IsRight(Perfect.Record(_history, new WatchScope(key, rangeEnd, (options & 1) != 0, (options & 2) != 0, (options & 4) != 0)));
    }

    [Fact]
    public void Violation_NothingHeardAndNothingWaitedFor_IsNone() => IsRight(new WatchRecord("w", new WatchScope("a")) { Openings = { new WatchOpening(0) } });

    [Fact]
    public void Violation_SeveralRevisionsInOneResponse_IsNone()
    {
        var record = Perfect.Record(_history);
        var responses = record.Openings[0].Responses;
        var together = responses.SelectMany(response => response.Events).ToList();
        record.Openings[0] = new WatchOpening(2) { Responses = { responses[0], new WatchResponse(ResponseKind.Events, 9, together) } };
        // Without the bookmark of 5, that is where it goes on.
        record.Openings[1] = Perfect.Stream(_history, record.Scope, 5, 9);
        IsRight(record);
    }

    [Fact]
    public void Violation_RevisionInFragments_IsNone() => IsRight(Fragmented());

    [Fact]
    public void Violation_StreamLostAmongFragmentsAndRevisionAskedForAgain_IsNone()
    {
        var record = Fragmented();
        // Of revision 4 the last piece is lost, and the bookmark with it.
        record.Openings[0].Responses.RemoveRange(5, 2);
        record.Openings[1] = Perfect.Stream(_history, record.Scope, 4, 9);
        IsRight(record);
    }

    [Fact]
    public void Violation_CompactedAmongFragments_IsNone()
    {
        _history.Compact(9);
        var record = Fragmented();
        record.Openings.RemoveAt(1);
        record.Openings[0].Responses.RemoveRange(5, 2);
        record.Openings[0].Responses.Add(new WatchResponse(ResponseKind.Canceled, 0, [], CompactRevision: 9));
        IsRight(record);
    }

    [Fact]
    public void Violation_StartNow_BeginsBehindTheRevisionOfCreated()
    {
        var record = new WatchRecord("w", new WatchScope("a", "z")) { CompleteUpTo = 9 };
        record.Openings.Add(new WatchOpening(0) { Responses = Perfect.Stream(_history, record.Scope, 5, 9).Responses });
        IsRight(record);
    }

    [Fact]
    public void Violation_CompactedWatch_IsNone()
    {
        _history.Compact(7);
        var record = Perfect.Record(_history);
        record.Openings[1] = new WatchOpening(6)
        {
            Responses = { new WatchResponse(ResponseKind.Created, 9), new WatchResponse(ResponseKind.Canceled, 0, [], CompactRevision: 7) },
        };
        IsRight(record);
    }

    [Fact]
    public void Violation_PreviousValueCompacted_MayBeMissing()
    {
        _history.Compact(4);
        var record = Perfect.Record(_history);
        var at4 = record.Openings[0].Responses.FindIndex(response => response.Revision == 4);
        record.Openings[0].Responses[at4] = record.Openings[0].Responses[at4] with
        {
            Events = [.. record.Openings[0].Responses[at4].Events.Select(one => one with { Previous = null })],
        };
        IsRight(record);
    }

    [Fact]
    public void Add_RevisionsReadBack_AreTheSameHistory()
    {
        var read = new WrittenHistory();
        for (var revision = 2L; revision <= _history.Last; revision++)
            read.Add(revision, _history.At(revision).Select(one => one with { Previous = null }));
        for (var revision = 2L; revision <= _history.Last; revision++)
            Assert.Equal(_history.At(revision), read.At(revision));
    }

    [Fact]
    public void Add_RevisionLeftOutOrAgainstWhatWentBefore_IsRefused()
    {
        var read = new WrittenHistory();
        Assert.Throws<InvalidDataException>(() => read.Add(3, _history.At(3)));
        Assert.Throws<InvalidDataException>(() => read.Add(2, [new WatchEvent(2, "a", new KeyState("1", 2, 2, 2), null)]));
    }

    internal static WatchRecord Fragmented()
    {
        var history = Perfect.History();
        var record = Perfect.Record(history, new WatchScope("a", "z", PreviousValue: true, Fragment: true));
        var responses = record.Openings[0].Responses;
        var at = responses.FindIndex(response => response.Revision == 4);
        var whole = responses[at];
        responses.RemoveAt(at);
        responses.InsertRange(at, whole.Events.Select((one, n) => whole with { Events = [one], Fragment = n + 1 < whole.Events.Count }));
        return record;
    }

    private void IsRight(WatchRecord record) => Assert.Null(Guarantees.Violation(record, _history));
}
