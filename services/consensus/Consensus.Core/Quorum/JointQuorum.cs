using System.Numerics;

namespace Consensus.Core.Quorum;

/// <summary>
/// Who must agree: a majority of one set of voters or, while joint, a majority of each of two (Raft §6, Raft thesis §4.3). Voters are bits: positions in some list
/// of at most <see cref="MaxPeers"/>.
/// </summary>
/// <param name="incoming">The voters; never empty, but for <c>default</c>, which nobody can satisfy.</param>
/// <param name="outgoing">The voters that are being left; 0 when not joint.</param>
public readonly struct JointQuorum(ulong incoming, ulong outgoing)
{
    /// <summary>Positions there can be, voters or not.</summary>
    public const int MaxPeers = 64;

    /// <summary>True when those <paramref name="present"/> suffice.</summary>
    public bool IsSatisfiedBy(ulong present) => Tally(present, ~present) == VoteOutcome.Won;

    /// <summary>Where an election stands: won when both majorities are, lost as soon as one is.</summary>
    public VoteOutcome Tally(ulong granted, ulong refused)
    {
        var first = Tally(incoming, granted, refused);
        if (outgoing == 0 || first == VoteOutcome.Lost)
            return first;
        var second = Tally(outgoing, granted, refused);
        return first == VoteOutcome.Won ? second : second == VoteOutcome.Lost ? VoteOutcome.Lost : VoteOutcome.Pending;
    }

    /// <summary>The highest number that the quorum has reached; values of those who do not vote are not looked at.</summary>
    /// <param name="values">One for each position.</param>
    public ulong Reached(ReadOnlySpan<ulong> values)
    {
        var first = Reached(incoming, values);
        return outgoing == 0 ? first : Math.Min(first, Reached(outgoing, values));
    }

    /// <summary>The same without the voters that are being left.</summary>
    internal JointQuorum WithoutOutgoing() => new(incoming, 0);

    private static VoteOutcome Tally(ulong voters, ulong granted, ulong refused) => Majority.Tally(
        BitOperations.PopCount(voters), BitOperations.PopCount(voters & granted), BitOperations.PopCount(voters & refused));

    private static ulong Reached(ulong voters, ReadOnlySpan<ulong> values)
    {
        Span<ulong> chosen = stackalloc ulong[Majority.MaxVoters];
        var count = 0;
        for (var rest = voters; rest != 0; rest &= rest - 1)
            chosen[count++] = values[BitOperations.TrailingZeroCount(rest)];
        return Majority.Reached(chosen[..count]);
    }
}
