using System.Diagnostics;
using Linearizability.History;

namespace Linearizability.Checking;

/// <summary>Decides whether a history is linearizable.</summary>
public static class Checker
{
    /// <summary>Checks part after part and stops at the first that is not linearizable.</summary>
    /// <param name="model">What the object does.</param>
    /// <param name="history">In any order. Undecided operations that can have no effect (reads) may be left out.</param>
    /// <param name="limit">For all parts together; when it is over the verdict is <see cref="Verdict.OutOfTime"/>, unless a part is known to be wrong.</param>
    public static CheckResult<TState, TInput, TOutput> Check<TState, TInput, TOutput>(
        Model<TState, TInput, TOutput> model, IEnumerable<Operation<TInput, TOutput>> history, TimeSpan limit)
        where TState : IEquatable<TState>
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency);
        PartFailure<TState, TInput, TOutput>? outOfTime = null;
        foreach (var part in history.GroupBy(o => model.PartOf(o.Input)).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            var (verdict, failure) = CheckPart(model, part.Key, [.. part], deadline);
            if (verdict == Verdict.NotLinearizable)
                return new(verdict, failure);
            if (verdict == Verdict.OutOfTime)
                outOfTime ??= failure;
        }
        return new(outOfTime is null ? Verdict.Linearizable : Verdict.OutOfTime, outOfTime);
    }

    // Few of the undecided operations took effect, and seldom many between two answers: that is tried first.
    private static (Verdict Verdict, PartFailure<TState, TInput, TOutput>? Failure) CheckPart<TState, TInput, TOutput>(
        Model<TState, TInput, TOutput> model, string part, List<Operation<TInput, TOutput>> operations, long deadline)
        where TState : IEquatable<TState>
    {
        for (var maxUndecidedInARow = 1; ; maxUndecidedInARow *= 2)
        {
            var search = new PartSearch<TState, TInput, TOutput>(model, part, operations, maxUndecidedInARow);
            var verdict = search.Run(deadline);
            if (verdict == Verdict.Linearizable)
                return (verdict, null);
            if (verdict == Verdict.OutOfTime || !search.WasCutShort)
                return (verdict, search.Failure);
        }
    }
}
