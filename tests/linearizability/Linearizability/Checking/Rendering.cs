using System.Diagnostics;
using System.Text;
using Linearizability.History;

namespace Linearizability.Checking;

/// <summary>A failure as text for people.</summary>
public static class Rendering
{
    private const int ShownOfPrefix = 25;
    private const int ShownStuck = 25;

    /// <summary>The end of the longest order found, the state after it, and the operations none of which can come next. Times in milliseconds since the part's first call.</summary>
    public static string Render<TState, TInput, TOutput>(this CheckResult<TState, TInput, TOutput> result, Model<TState, TInput, TOutput> model)
        where TState : IEquatable<TState>
    {
        if (result.Failure is not { } failure)
            return "linearizable";
        var text = new StringBuilder();
        text.AppendLine(result.Verdict == Verdict.OutOfTime
            ? $"part \"{failure.Part}\": undecided when the time was over"
            : $"part \"{failure.Part}\" is not linearizable");
        var placed = failure.LongestPrefix.Count(o => o.IsDecided);
        text.AppendLine($"{placed} of {failure.OperationCount} decided operations could be placed:");
        var origin = failure.LongestPrefix.Concat(failure.Stuck).Select(o => o.Call).DefaultIfEmpty().Min();
        var skipped = Math.Max(0, failure.LongestPrefix.Count - ShownOfPrefix);
        if (skipped > 0)
            text.AppendLine($"      ... {skipped} earlier");
        foreach (var operation in failure.LongestPrefix.Skip(skipped))
            AppendLine(text, model, operation, origin);
        text.AppendLine($"the state is then {model.Describe(failure.State)}, and one of these would have to be next:");
        foreach (var operation in failure.Stuck.OrderBy(o => o.Return).Take(ShownStuck))
            AppendLine(text, model, operation, origin);
        if (failure.Stuck.Count > ShownStuck)
            text.AppendLine($"      ... and {failure.Stuck.Count - ShownStuck} more");
        return text.ToString();
    }

    private static void AppendLine<TState, TInput, TOutput>(
        StringBuilder text, Model<TState, TInput, TOutput> model, Operation<TInput, TOutput> operation, long origin)
        where TState : IEquatable<TState>
    {
        var until = operation.IsDecided ? Milliseconds(operation.Return, origin) : "?";
        text.AppendLine($"  client {operation.Client,4}  {Milliseconds(operation.Call, origin),12} .. {until,-12}  {model.Describe(operation)}");
    }

    private static string Milliseconds(long time, long origin) => ((time - origin) * 1000.0 / Stopwatch.Frequency).ToString("F3");
}
