namespace Linearizability.Checking;

/// <summary>
/// Which pairs of (operations placed, state reached) the search has already been in, with how much of its limit it had used. Coming to one again by another order
/// cannot succeed where the first did not (Lowe, "Testing for linearizability", 2017). Exact: a hash only finds the bucket.
/// </summary>
internal sealed class SeenConfigurations<TState>
    where TState : IEquatable<TState>
{
    private readonly HashSet<Configuration> _seen = [];

    /// <summary>False when it was there already.</summary>
    public bool Add(OperationSet placed, TState state, int undecidedInARow) => _seen.Add(new(placed.Hash, placed.Compact(), state, undecidedInARow));

    private readonly record struct Configuration(ulong Hash, CompactSet Placed, TState State, int UndecidedInARow) : IEquatable<Configuration>
    {
        public bool Equals(Configuration other) => Hash == other.Hash && UndecidedInARow == other.UndecidedInARow && State.Equals(other.State) && Placed.Equals(other.Placed);

        public override int GetHashCode() => HashCode.Combine(Hash, State, UndecidedInARow);
    }
}
