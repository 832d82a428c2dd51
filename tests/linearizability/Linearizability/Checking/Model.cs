using Linearizability.History;

namespace Linearizability.Checking;

/// <summary>
/// What an object does when requests come one at a time. A history is linearizable when some order of its operations, none placed outside its own
/// time from call to return, is one that the model allows (Herlihy and Wing, 1990).
/// </summary>
/// <remarks>States are values: equal states allow the same futures. Implementations are pure.</remarks>
public abstract class Model<TState, TInput, TOutput>
    where TState : IEquatable<TState>
{
    public abstract TState Initial { get; }

    /// <summary>False when an object in this state cannot answer so; otherwise the state after it.</summary>
    public abstract bool TryApply(TState state, TInput input, TOutput output, out TState next);

    /// <summary>
    /// The state after a request whose answer nobody saw. False when it changes nothing here: then it is the same as if it had never arrived, which
    /// is always possible.
    /// </summary>
    public abstract bool TryApplyUndecided(TState state, TInput input, out TState next);

    /// <summary>
    /// The part of the object that a request concerns. A history is linearizable when it is so part by part (locality, Herlihy and Wing §3.1).
    /// </summary>
    public virtual string PartOf(TInput input) => "";

    /// <summary>One line: request and answer.</summary>
    public virtual string Describe(Operation<TInput, TOutput> operation) =>
        $"{operation.Input} -> {(operation.IsDecided ? operation.Output?.ToString() : "?")}";

    /// <summary>One line.</summary>
    public virtual string Describe(TState state) => state.ToString() ?? "";
}
