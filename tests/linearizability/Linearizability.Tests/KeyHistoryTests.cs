using Linearizability.Checking;
using Linearizability.Keys;
using Linearizability.Tests.Support;

namespace Linearizability.Tests;

/// <summary>Goal: right histories pass, each known kind of wrong one is found. Method: histories of a few operations by hand.</summary>
public sealed class KeyHistoryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public void Check_NoOperations_IsLinearizable() => IsRight(new Script());

    [Fact]
    public void Check_OneAfterAnother_IsLinearizable() => IsRight(new Script()
        .Put(0, 1, "a", 2).Get(2, 3, 2, Script.Record("a", 2, 2, 1)).Put(4, 5, "b", 3).Get(6, 7, 3, Script.Record("b", 2, 3, 2))
        .Delete(8, 9, 4, true).Get(10, 11, 4, null).Delete(12, 13, 4, false).Put(14, 15, "c", 5).Get(16, 17, 5, Script.Record("c", 5, 5, 1)));

    [Fact]
    public void Check_ConcurrentReadSeesOldThenNew_IsLinearizable() => IsRight(new Script()
        .Put(0, 1, "a", 2).Put(2, 20, "b", 3).Get(3, 4, 2, Script.Record("a", 2, 2, 1)).Get(5, 6, 3, Script.Record("b", 2, 3, 2)));

    [Fact]
    public void Check_CallAndReturnAtTheSameTime_CountAsConcurrent() => IsRight(new Script()
        .Put(0, 5, "a", 2).Get(5, 6, 1, null));

    [Fact]
    public void Check_StaleRead_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).Put(2, 3, "b", 3).Get(4, 5, 3, Script.Record("a", 2, 2, 1)));

    [Fact]
    public void Check_NewThenOldSeenDuringOneWrite_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).Put(2, 20, "b", 3).Get(3, 4, 3, Script.Record("b", 2, 3, 2)).Get(5, 6, 3, Script.Record("a", 2, 2, 1)));

    [Fact]
    public void Check_LostUpdate_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).PutSeeing(2, 3, "b", 3, Script.Record("a", 2, 2, 1)).PutSeeing(4, 5, "c", 4, Script.Record("a", 2, 2, 1)));

    [Fact]
    public void Check_AcknowledgedWriteGone_IsWrong() => IsWrong(new Script().Put(0, 1, "a", 2).Get(2, 3, 2, null));

    [Fact]
    public void Check_AppliedTwice_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).Get(2, 3, 3, Script.Record("a", 2, 3, 2)));

    [Fact]
    public void Check_AppliedTwiceShownByVersionOnly_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).Put(2, 3, "b", 4).Get(4, 5, 4, Script.Record("b", 2, 4, 3)));

    [Fact]
    public void Check_ReadFromTheFuture_IsWrong() => IsWrong(new Script()
        .Get(0, 1, 2, Script.Record("a", 2, 2, 1)).Put(2, 3, "a", 2));

    [Fact]
    public void Check_ValueNobodyWrote_IsWrong() => IsWrong(new Script().Get(0, 1, 2, Script.Record("x", 2, 2, 1)));

    [Fact]
    public void Check_SplitBrain_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2)
        // Two leaders, each with clients that see only its writes.
        .Put(2, 3, "left", 3).Get(4, 5, 3, Script.Record("left", 2, 3, 2))
        .Put(2, 3, "right", 3).Get(4, 5, 3, Script.Record("right", 2, 3, 2)));

    [Fact]
    public void Check_BothCompareAndSwapsSucceed_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).PutIfValue(2, 10, "b", "a", 3, true).PutIfValue(2, 10, "c", "a", 4, true));

    [Fact]
    public void Check_BothConditionsOnModRevisionSucceed_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).PutIfMod(2, 10, "b", 2, 3, true).PutIfMod(2, 10, "c", 2, 4, true));

    [Fact]
    public void Check_OneOfTwoCompareAndSwapsFails_IsLinearizable() => IsRight(new Script()
        .Put(0, 1, "a", 2).PutIfValue(2, 10, "b", "a", 3, true).PutIfValue(2, 10, "c", "a", 3, false, Script.Record("b", 2, 3, 2)));

    [Fact]
    public void Check_CompareAndSwapFailsWithoutReason_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).PutIfValue(2, 3, "b", "a", 2, false));

    [Fact]
    public void Check_RevisionFalls_IsWrong() => IsWrong(new Script().Put(0, 1, "a", 5).Put(2, 3, "b", 4));

    [Fact]
    public void Check_ReadWithARevisionOfThePast_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 5).Get(2, 3, 4, Script.Record("a", 5, 5, 1)));

    [Fact]
    public void Check_LostWriteSeenLater_IsLinearizable() => IsRight(new Script()
        .Put(0, 1, "a", 2).Lost(2, RequestKind.Put, "b").Get(3, 4, 2, Script.Record("a", 2, 2, 1)).Get(50, 51, 7, Script.Record("b", 2, 7, 2)));

    [Fact]
    public void Check_LostWriteNeverSeen_IsLinearizable() => IsRight(new Script()
        .Put(0, 1, "a", 2).Lost(2, RequestKind.Put, "b").Get(50, 51, 2, Script.Record("a", 2, 2, 1)));

    [Fact]
    public void Check_LostWriteSeenBeforeItWasAsked_IsWrong() => IsWrong(new Script()
        .Get(0, 1, 2, Script.Record("b", 2, 2, 1)).Lost(2, RequestKind.Put, "b"));

    [Fact]
    public void Check_LostWriteTakesEffectTwice_IsWrong() => IsWrong(new Script()
        .Put(0, 1, "a", 2).Lost(2, RequestKind.Put, "b").Get(3, 4, 3, Script.Record("b", 2, 3, 2))
        .Put(5, 6, "c", 4).Get(7, 8, 5, Script.Record("b", 2, 5, 4)));

    [Fact]
    public void Check_LostDeleteSeenLater_IsLinearizable() => IsRight(new Script()
        .Put(0, 1, "a", 2).Lost(2, RequestKind.Delete).Get(3, 4, 3, null).Put(5, 6, "b", 4).Get(7, 8, 4, Script.Record("b", 4, 4, 1)));

    [Fact]
    public void Check_LostCompareAndSwapWhoseConditionNeverHeld_CannotHaveWritten() => IsWrong(new Script()
        .Put(0, 1, "a", 2).Lost(2, RequestKind.PutIfValue, "b", "x").Get(3, 4, 3, Script.Record("b", 2, 3, 2)));

    [Fact]
    public void Check_ManyLostWritesOfWhichOneWasSeen_FindsIt()
    {
        var script = new Script().Put(0, 1, "a", 2);
        for (var n = 0; n < 40; n++)
            script.Lost(2 + n, RequestKind.Put, $"lost{n}");
        IsRight(script.Get(100, 101, 9, Script.Record("lost37", 2, 9, 3)).PutSeeing(102, 103, "z", 10, Script.Record("lost37", 2, 9, 3)));
    }

    [Fact]
    public void Check_PartsAreIndependent_ReportsTheWrongOne()
    {
        var script = new Script().Put(0, 1, "a", 2)
            .Add(0, 1, new(RequestKind.Put, "other", "x"), new(3, true))
            .Add(2, 3, new(RequestKind.Get, "other"), new(3, false, true, null));
        var result = Checker.Check(new KeyModel(), script.Operations, Limit);
        Assert.Equal(Verdict.NotLinearizable, result.Verdict);
        Assert.Equal("other", result.Failure!.Part);
    }

    [Fact]
    public void Render_WrongHistory_ShowsHowFarItWentAndWhatDoesNotFit()
    {
        var model = new KeyModel();
        var script = new Script().Put(0, 1, "first", 2).Put(2, 3, "second", 3).Get(4, 5, 3, Script.Record("first", 2, 2, 1)).Put(6, 7, "third", 4);
        var result = Checker.Check(model, script.Operations, Limit);
        Assert.Equal(["put k first", "put k second"], result.Failure!.LongestPrefix.Select(o => o.Input.ToString()));
        Assert.Equal(["get k"], result.Failure.Stuck.Select(o => o.Input.ToString()));
        var text = result.Render(model);
        Assert.Contains("2 of 4 decided operations could be placed", text, StringComparison.Ordinal);
        Assert.Contains("get k -> read at 3, was first (create 2, mod 2, version 1)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Violation_TwoWritesOfOneRevision_IsFound() => Assert.Contains("one revision", RevisionOrder.Violation(new Script()
        .Put(0, 10, "a", 2).Add(0, 10, new(RequestKind.Put, "other", "x"), new(2, true)).Operations), StringComparison.Ordinal);

    [Fact]
    public void Violation_LaterWriteOfAnotherKeyWithEarlierRevision_IsFound() => Assert.Contains("older", RevisionOrder.Violation(new Script()
        .Put(0, 1, "a", 9).Add(2, 3, new(RequestKind.Put, "other", "x"), new(8, true)).Operations), StringComparison.Ordinal);

    [Fact]
    public void Violation_ConcurrentWritesInAnyOrder_IsNone() => Assert.Null(RevisionOrder.Violation(new Script()
        .Put(0, 10, "a", 9).Add(2, 3, new(RequestKind.Put, "other", "x"), new(8, true)).Get(11, 12, 9, Script.Record("a", 9, 9, 1)).Operations));

    private static void IsRight(Script script)
    {
        var model = new KeyModel();
        var result = Checker.Check(model, script.Operations, Limit);
        Assert.True(result.IsLinearizable, result.Render(model));
    }

    private static void IsWrong(Script script) =>
        Assert.Equal(Verdict.NotLinearizable, Checker.Check(new KeyModel(), script.Operations, Limit).Verdict);
}
