using Consensus.Core.Quorum;

namespace Consensus.Tests.Raft;

/// <summary>Majorities of one and of two sets of voters; positions 0 to 2 are the incoming voters, 2 to 4 the outgoing ones.</summary>
public class JointQuorumTests
{
    private static readonly JointQuorum Joint = new(0b00111, 0b11100);

    [Theory]
    [InlineData(0b00011, 0, VoteOutcome.Pending)]
    [InlineData(0b11000, 0, VoteOutcome.Pending)]
    [InlineData(0b11011, 0, VoteOutcome.Won)]
    [InlineData(0b01101, 0, VoteOutcome.Won)]
    [InlineData(0b00000, 0b00011, VoteOutcome.Lost)]
    [InlineData(0b00111, 0b11000, VoteOutcome.Lost)]
    [InlineData(0b100100, 0b01001, VoteOutcome.Pending)]
    public void Tally_Joint_NeedsBothMajorities(ulong granted, ulong refused, VoteOutcome expected) =>
        Assert.Equal(expected, Joint.Tally(granted, refused));

    [Fact]
    public void Reached_Joint_IsTheLowerOfBoth()
    {
        Assert.Equal(5ul, Joint.Reached([9, 9, 1, 5, 5, 99]));
        Assert.Equal(4ul, Joint.Reached([4, 4, 1, 5, 5, 99]));
        Assert.Equal(9ul, new JointQuorum(0b00111, 0).Reached([9, 9, 1, 5, 5, 99]));
    }
}
