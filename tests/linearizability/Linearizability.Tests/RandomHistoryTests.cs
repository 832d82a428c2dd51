using System.Diagnostics;
using Linearizability.Checking;
using Linearizability.History;
using Linearizability.Keys;
using Linearizability.Tests.Support;

namespace Linearizability.Tests;

/// <summary>
/// Goal: whatever a correct store does passes, and one wrong answer among many is found. Method: histories of a simulated store under a seed, as they are and with
/// one answer changed.
/// </summary>
public sealed class RandomHistoryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly KeyModel Model = new();

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_CorrectStore_IsLinearizable(int seed)
    {
        var history = new SimulatedStore(seed, clients: 8, keys: 3).Run(60);
        AssertRight(history);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_CorrectStoreThatLosesAnswers_IsLinearizable(int seed)
    {
        var history = new SimulatedStore(seed, clients: 8, keys: 3, lossProbability: 0.2).Run(60);
        Assert.Contains(history, o => !o.IsDecided);
        AssertRight(history);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_CorrectStoreThatDoesNotTellWhatWas_IsLinearizable(int seed) =>
        AssertRight(new SimulatedStore(seed, clients: 5, keys: 2, lossProbability: 0.05, tellsBefore: false).Run(40));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_OneReadSeesAnOlderRecord_IsWrong(int seed)
    {
        var history = new SimulatedStore(seed, clients: 6, keys: 2, lossProbability: 0.1).Run(60);
        Mutate(history, seed, o => o.Output.TellsBefore && o.Output.Before is { Version: > 1 } && Old(history, o) is not null, o => o.Output with { Before = Old(history, o) });
        AssertWrong(history);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_OneVersionIsOneTooHigh_IsWrong(int seed)
    {
        var history = new SimulatedStore(seed, clients: 6, keys: 2).Run(60);
        Mutate(history, seed, o => o.Output is { TellsBefore: true, Before: not null }, o => o.Output with { Before = o.Output.Before!.Value with { Version = o.Output.Before.Value.Version + 1 } });
        AssertWrong(history);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_OneFailedConditionClaimsToHaveSucceeded_IsWrong(int seed)
    {
        var history = new SimulatedStore(seed, clients: 6, keys: 2).Run(60);
        Mutate(history, seed, o => o.Input.Kind is RequestKind.PutIfValue && !o.Output.Wrote, o => o.Output with { Wrote = true });
        AssertWrong(history);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Check_OneAcknowledgedWriteIsDropped_IsWrong(int seed)
    {
        // What was never written cannot be seen: an operation that saw it no longer fits.
        var history = new SimulatedStore(seed, clients: 6, keys: 2).Run(60);
        var seen = history.Where(o => o.Output.TellsBefore && o.Output.Before is not null).Select(o => o.Output.Before!.Value.ModRevision).ToHashSet();
        history.RemoveAt(history.FindIndex(o => o.Output.Wrote && seen.Contains(o.Output.Revision)));
        AssertWrong(history);
    }

    [Fact]
    public void Check_HundredClientsThousandOperationsEach_TakesSeconds()
    {
        var history = new SimulatedStore(7, clients: 100, keys: 20, lossProbability: 0.002).Run(1000);
        var started = Stopwatch.GetTimestamp();
        AssertRight(history);
        Assert.Null(RevisionOrder.Violation(history));
        var elapsed = Stopwatch.GetElapsedTime(started);
        Assert.True(elapsed < TimeSpan.FromSeconds(15), $"{history.Count} operations took {elapsed}");
    }

    [Fact]
    public void Check_HundredClientsAndOneWrongRead_TakesSecondsToo()
    {
        var history = new SimulatedStore(8, clients: 100, keys: 20, lossProbability: 0.002).Run(1000);
        Mutate(history, 8, o => o.Output is { TellsBefore: true, Before.Version: > 1 } && o.Call > 100_000 && Old(history, o) is not null, o => o.Output with { Before = Old(history, o) });
        AssertWrong(history);
    }

    [Fact]
    public void Check_NoTime_SaysSo()
    {
        var history = new SimulatedStore(9, clients: 100, keys: 1).Run(100);
        var result = Checker.Check(Model, history, TimeSpan.Zero);
        Assert.Equal(Verdict.OutOfTime, result.Verdict);
        Assert.Contains("undecided when the time was over", result.Render(Model), StringComparison.Ordinal);
    }

    private static void AssertRight(List<Operation<KeyRequest, KeyAnswer>> history)
    {
        var result = Checker.Check(Model, history, Limit);
        Assert.True(result.IsLinearizable, result.Render(Model));
    }

    private static void AssertWrong(List<Operation<KeyRequest, KeyAnswer>> history) =>
        Assert.Equal(Verdict.NotLinearizable, Checker.Check(Model, history, Limit).Verdict);

    // What somebody else saw of the key, long over when the operation was called.
    private static KeyRecord? Old(List<Operation<KeyRequest, KeyAnswer>> history, Operation<KeyRequest, KeyAnswer> operation) => history
        .Where(o => o.IsDecided && o.Input.Key == operation.Input.Key && o.Output.Before is not null)
        .Where(o => history.Any(w => w.IsDecided && w.Output.Wrote && w.Input.Key == o.Input.Key && w.Call > o.Return && w.Return < operation.Call))
        .Select(o => o.Output.Before)
        .FirstOrDefault(old => old!.Value.ModRevision != operation.Output.Before!.Value.ModRevision);

    private static void Mutate(
        List<Operation<KeyRequest, KeyAnswer>> history, int seed, Func<Operation<KeyRequest, KeyAnswer>, bool> which, Func<Operation<KeyRequest, KeyAnswer>, KeyAnswer> change)
    {
        var start = new Random(seed).Next(history.Count / 2);
        var at = history.FindIndex(start, o => o.IsDecided && which(o));
        Assert.True(at >= 0, "nothing to change in this history");
        history[at] = history[at] with { Output = change(history[at]) };
    }
}
