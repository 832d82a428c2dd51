namespace Consensus.Core.Quorum;

/// <summary>Arithmetic of majorities. Knows nothing of terms, logs or members.</summary>
public static class Majority
{
    /// <summary>More voters than anybody should run.</summary>
    public const int MaxVoters = 15;

    /// <summary>Members that make a majority of <paramref name="voters"/>.</summary>
    public static int Of(int voters) => voters / 2 + 1;

    /// <summary>The highest number that a majority of the voters has reached.</summary>
    /// <remarks>For commit the caller adds the current-term rule (Raft §5.4.2).</remarks>
    public static ulong Reached(ReadOnlySpan<ulong> values)
    {
        Invariant.Holds(values.Length is > 0 and <= MaxVoters);
        if (values.Length == 1)
            return values[0];

        Span<ulong> sorted = stackalloc ulong[MaxVoters];
        sorted = sorted[..values.Length];
        values.CopyTo(sorted);
        sorted.Sort();
        return sorted[(sorted.Length - 1) / 2];
    }

    /// <summary>Where an election stands (Raft §5.2).</summary>
    public static VoteOutcome Tally(int voters, int granted, int refused) =>
        granted >= Of(voters) ? VoteOutcome.Won
        : voters - refused < Of(voters) ? VoteOutcome.Lost
        : VoteOutcome.Pending;
}

/// <summary>Where an election stands.</summary>
public enum VoteOutcome
{
    Pending = 0,
    Won,
    Lost,
}
