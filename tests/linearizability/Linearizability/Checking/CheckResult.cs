using Linearizability.History;

namespace Linearizability.Checking;

/// <summary>What the checker found.</summary>
/// <param name="Verdict">The whole history's.</param>
/// <param name="Failure">Why, unless the verdict is <see cref="Verdict.Linearizable"/>.</param>
public sealed record CheckResult<TState, TInput, TOutput>(Verdict Verdict, PartFailure<TState, TInput, TOutput>? Failure)
{
    public bool IsLinearizable => Verdict == Verdict.Linearizable;
}

/// <summary>How far the checker came with the part of the history that it could not put in order.</summary>
/// <param name="Part">As <see cref="Model{TState,TInput,TOutput}.PartOf"/> names it.</param>
/// <param name="LongestPrefix">The longest order found that the model allows.</param>
/// <param name="State">The state after it.</param>
/// <param name="Stuck">Decided operations one of which would have to come next; none can.</param>
/// <param name="OperationCount">All decided operations of the part.</param>
public sealed record PartFailure<TState, TInput, TOutput>(
    string Part,
    IReadOnlyList<Operation<TInput, TOutput>> LongestPrefix,
    TState State,
    IReadOnlyList<Operation<TInput, TOutput>> Stuck,
    int OperationCount);
