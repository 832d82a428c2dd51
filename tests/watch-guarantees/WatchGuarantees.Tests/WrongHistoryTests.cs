using WatchGuarantees.Checking;
using WatchGuarantees.History;
using WatchGuarantees.Tests.Support;

namespace WatchGuarantees.Tests;

/// <summary>Goal: each checker finds what breaks its promise. Method: a history that all of them pass is spoilt in one way.</summary>
public sealed class WrongHistoryTests
{
    private readonly WrittenHistory _history = Perfect.History();
    private readonly WatchRecord _record;

    public WrongHistoryTests() => _record = Perfect.Record(_history);

    // Created, revisions 2, 3, 4 (three events), bookmark at 5; then Created, 6, 7 (three events), 9, bookmark at 9.
    private List<WatchResponse> First => _record.Openings[0].Responses;

    private List<WatchResponse> Second => _record.Openings[1].Responses;

    [Fact]
    public void Unspoilt_AllGuaranteesHold() => Assert.Null(Guarantees.Violation(_record, _history));

    [Fact]
    public void Genuine_ValueNobodyWrote_IsFound() => IsWrong<Genuine>(() => Change(Second, 3, 0, one => one with { State = one.State!.Value with { Value = "x" } }));

    [Fact]
    public void Genuine_PutHeardAsDelete_IsFound() => IsWrong<Genuine>(() => Change(Second, 3, 0, one => one with { State = null }));

    [Fact]
    public void Genuine_VersionOfAnotherChange_IsFound() =>
        IsWrong<Genuine>(() => Change(Second, 3, 0, one => one with { State = one.State!.Value with { Version = 7 } }));

    [Fact]
    public void Genuine_RevisionOfAnotherChange_IsFound() => IsWrong<Genuine>(() => Change(Second, 3, 0, one => one with { Revision = 8 }));

    [Fact]
    public void Genuine_KeyOutsideTheRange_IsFound() => IsWrong<Genuine>(() => Second[3] = Second[3] with { Events = _history.At(8) });

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Genuine_FilteredEvent_IsFound(bool noPut, bool noDelete) =>
        Assert.NotNull(new Genuine().Violation(_record with { Scope = _record.Scope with { NoPut = noPut, NoDelete = noDelete } }, _history));

    [Fact]
    public void PreviousValues_AnotherValue_IsFound() =>
        IsWrong<PreviousValues>(() => Change(Second, 1, 0, one => one with { Previous = one.Previous!.Value with { Value = "x" } }));

    [Fact]
    public void PreviousValues_Missing_IsFound() => IsWrong<PreviousValues>(() => Change(Second, 1, 0, one => one with { Previous = null }));

    [Fact]
    public void PreviousValues_WhereNothingWas_IsFound() => IsWrong<PreviousValues>(() => Change(First, 1, 0, one => one with { Previous = one.State }));

    [Fact]
    public void PreviousValues_NotAskedFor_IsFound() =>
        Assert.NotNull(new PreviousValues().Violation(_record with { Scope = _record.Scope with { PreviousValue = false } }, _history));

    [Fact]
    public void Ordered_RevisionsSwapped_IsFound() => IsWrong<Ordered>(() => (First[1], First[2]) = (First[2], First[1]));

    [Fact]
    public void Ordered_EventsOfARevisionSwapped_IsFound() => IsWrong<Ordered>(() => First[3] = First[3] with { Events = [.. First[3].Events.Reverse()] });

    [Fact]
    public void Ordered_RevisionsSwappedInOneResponse_IsFound() =>
        IsWrong<Ordered>(() => First[1] = First[1] with { Revision = 3, Events = [.. First[2].Events, .. First[1].Events] });

    [Fact]
    public void Ordered_OlderRevisionOnTheNextStream_IsFound() => IsWrong<Ordered>(() => Second.Insert(1, First[2]));

    [Fact]
    public void Unique_ResponseTwice_IsFound() => IsWrong<Unique>(() => First.Insert(2, First[1]));

    [Fact]
    public void Unique_EventTwiceInOneResponse_IsFound() => IsWrong<Unique>(() => First[1] = First[1] with { Events = [.. First[1].Events, .. First[1].Events] });

    [Fact]
    public void Unique_EventAgainOnTheNextStream_IsFound() => IsWrong<Unique>(() => Second.Insert(1, First[3]));

    [Fact]
    public void Atomic_RevisionSplit_IsFound() => IsWrong<Atomic>(() => Split(First, 3, fragment: false));

    [Fact]
    public void Atomic_FragmentsNotAskedFor_IsFound() => IsWrong<Atomic>(() => Split(First, 3, fragment: true));

    [Fact]
    public void Atomic_PartOfARevision_IsFound() => IsWrong<Atomic>(() => First[3] = First[3] with { Events = [.. First[3].Events.Skip(1)] });

    [Fact]
    public void Atomic_EmptyResponse_IsFound() => IsWrong<Atomic>(() => First.Insert(2, new WatchResponse(ResponseKind.Events, 3)));

    [Fact]
    public void Atomic_LastFragmentMissing_IsFound()
    {
        var record = RightHistoryTests.Fragmented();
        Assert.Null(Guarantees.Violation(record, _history));
        record.Openings[0].Responses.RemoveAt(5);
        Assert.NotNull(new Atomic().Violation(record, _history));
    }

    [Fact]
    public void Atomic_LastFragmentSaysThatMoreFollows_IsFound()
    {
        var record = RightHistoryTests.Fragmented();
        var responses = record.Openings[0].Responses;
        responses[5] = responses[5] with { Fragment = true };
        Assert.NotNull(new Atomic().Violation(record, _history));
    }

    [Fact]
    public void Reliable_RevisionDropped_IsFound() => IsWrong<Reliable>(() => First.RemoveAt(2));

    [Fact]
    public void Reliable_EventOfARevisionDropped_IsFound() => IsWrong<Reliable>(() => First[3] = First[3] with { Events = [.. First[3].Events.Skip(1)] });

    [Fact]
    public void Reliable_LastRevisionDroppedUnderABookmark_IsFound()
    {
        _record.CompleteUpTo = 0;
        IsWrong<Reliable>(() => Second.RemoveAt(3));
    }

    [Fact]
    public void Reliable_EndNeverCame_IsFound() => IsWrong<Reliable>(() => Second.RemoveRange(3, 2));

    [Fact]
    public void Reliable_NeverCreated_IsFound() =>
        Assert.NotNull(new Reliable().Violation(new WatchRecord("w", _record.Scope) { Openings = { new WatchOpening(0) }, CompleteUpTo = 9 }, _history));

    [Fact]
    public void Resumable_SkipsTheFirstEvent_IsFound() => IsWrong<Resumable>(() => Second.RemoveAt(1));

    [Fact]
    public void Resumable_BeginsTooEarly_IsFound() => IsWrong<Resumable>(() => Second.Insert(1, First[3]));

    [Fact]
    public void Resumable_ResumedTooLate_IsFound() => IsWrong<Resumable>(() => _record.Openings[1] = Perfect.Stream(_history, _record.Scope, 7, 9));

    [Fact]
    public void Resumable_StartNowHearsThePast_IsFound() =>
        IsWrong<Resumable>(() => _record.Openings[0] = new WatchOpening(0) { Responses = [First[0] with { Revision = 4 }, .. First.Skip(1)] });

    [Theory]
    [InlineData(0, 7)]
    [InlineData(7, 9)]
    public void Resumable_CanceledForACompactionThatDidNotReachIt_IsFound(long compacted, long told)
    {
        _history.Compact(compacted);
        IsWrong<Resumable>(() => Second[^1] = new WatchResponse(ResponseKind.Canceled, 0, [], CompactRevision: told));
    }

    [Fact]
    public void Resumable_EventsAfterTheEnd_IsFound() => IsWrong<Resumable>(() => Second.Insert(2, new WatchResponse(ResponseKind.Canceled, 6)));

    [Fact]
    public void Bookmarkable_TooEarly_IsFound() => IsWrong<Bookmarkable>(() => First.Insert(3, new WatchResponse(ResponseKind.Progress, 4)));

    [Fact]
    public void Bookmarkable_TooEarlyForTheNextStream_IsFound() => IsWrong<Bookmarkable>(() => First[^1] = First[^1] with { Revision = 7 });

    [Fact]
    public void Bookmarkable_BetweenFragments_IsFound()
    {
        var record = RightHistoryTests.Fragmented();
        record.Openings[0].Responses.Insert(4, new WatchResponse(ResponseKind.Progress, 4));
        Assert.NotNull(new Bookmarkable().Violation(record, _history));
    }

    [Fact]
    public void Bookmarkable_Falls_IsFound() => IsWrong<Bookmarkable>(() => Second.Add(new WatchResponse(ResponseKind.Progress, 8)));

    [Fact]
    public void Headers_OlderThanTheEvent_IsFound() => IsWrong<Headers>(() => Second[3] = Second[3] with { Revision = 8 });

    [Fact]
    public void Headers_Fall_IsFound() => IsWrong<Headers>(() => Second[0] = Second[0] with { Revision = 7 });

    [Fact]
    public void Headers_FromTheFuture_IsFound() => IsWrong<Headers>(() => Second[^1] = Second[^1] with { Revision = 10 });

    [Fact]
    public void Headers_EventsBeforeCreated_IsFound() => IsWrong<Headers>(() => (Second[0], Second[1]) = (Second[1], Second[0]));

    [Fact]
    public void Headers_CreatedTwice_IsFound() => IsWrong<Headers>(() => Second.Insert(1, Second[0]));

    [Fact]
    public void Headers_CompactedWithARevision_IsFound()
    {
        _history.Compact(9);
        IsWrong<Headers>(() => _record.Openings[1] = new WatchOpening(6)
        {
            Responses = { new WatchResponse(ResponseKind.Created, 9), new WatchResponse(ResponseKind.Canceled, 9, [], CompactRevision: 9) },
        });
    }

    private void IsWrong<T>(Action spoil)
        where T : IGuarantee, new()
    {
        Assert.Null(Guarantees.Violation(_record, _history));
        spoil();
        Assert.NotNull(new T().Violation(_record, _history));
    }

    private static void Change(List<WatchResponse> responses, int response, int place, Func<WatchEvent, WatchEvent> change)
    {
        var events = responses[response].Events.ToList();
        events[place] = change(events[place]);
        responses[response] = responses[response] with { Events = events };
    }

    private static void Split(List<WatchResponse> responses, int response, bool fragment)
    {
        var whole = responses[response];
        responses[response] = whole with { Events = [whole.Events[0]], Fragment = fragment };
        responses.Insert(response + 1, whole with { Events = [.. whole.Events.Skip(1)] });
    }
}
