using System.Diagnostics;
using Consensus.Contracts;
using Consensus.Core.Raft;
using Xunit.Sdk;

namespace Consensus.Tests.Raft;

/// <summary>Each injected defect is found: by seeded histories of a cluster where those find it soon, else at the rule itself.</summary>
public class DefectTests : SingleNodeTests
{
    [Theory]
    [InlineData(nameof(Defects.GrantTwoVotesPerTerm))]
    [InlineData(nameof(Defects.StaleReadIndex))]
    [InlineData(nameof(Defects.CommitJointByIncomingOnly))]
    [InlineData(nameof(Defects.SkipLogComparison))]
    [InlineData(nameof(Defects.AckBeforePersist))]
    [InlineData(nameof(Defects.LeaderCountsUnpersisted))]
    [InlineData(nameof(Defects.ReadBeforeOwnTermCommit))]
    [InlineData(nameof(Defects.TruncateOnEveryAppend))]
    public void Run_WithDefect_IsFound(string defect)
    {
        for (var seed = 1; seed <= 600; seed++)
        {
            if (IsFound(Enum.Parse<Defects>(defect), members: 3, seed) || IsFound(Enum.Parse<Defects>(defect), members: 5, seed))
                return;
        }
        Assert.Fail("no history shows it");
    }

    // Needs Raft Fig. 8 step by step; some 1 in 1000 histories do it.
    [Fact]
    public void CommitOldTermByCounting_CommitsWhatMayBeReplaced()
    {
        _disk.Presume(Configurations.Of(1, 2, 3));
        _disk.Store(new Ready(1, new(new(1), default, default), true, [new Entry(new(1), new(1), EntryKind.Command, default)], true, [], [], default, [], null));
        var node = Start(new RaftOptions { Self = A, Seed = 1, Defects = Defects.CommitOldTermByCounting });
        Elect(node);
        Step(node, new Message(MessageKind.AppendAnswer, B, A, node.Term) { Index = new(1) });
        Assert.Equal(1ul, node.CommitIndex.Value);
    }

    // Two members have to take different cut entries for good; histories do it too seldom.
    [Fact]
    public void ApplyConfigurationOnAppend_OutlivesItsEntry()
    {
        _disk.Presume(Configurations.Of(1, 2, 3));
        var node = Start(new RaftOptions { Self = A, Seed = 1, Defects = Defects.ApplyConfigurationOnAppend });
        Step(node, new Message(MessageKind.AppendRequest, B, A, new(1))
        {
            Entries = [new Entry(new(1), new(1), EntryKind.Configuration, ConfigurationFormat.Encode(Configurations.Of(1)))],
        });
        Step(node, Append(C, 2, 0, 0, 1, 2));
        Assert.Equal([1ul], node.Configuration!.Voters());
    }

    private static bool IsFound(Defects defect, int members, int seed)
    {
        try
        {
            var cluster = new Cluster(members, seed, defect) { DropRate = 0.1, RepeatRate = 0.05, MaxDelay = 4, StoreRate = seed % 2 == 0 ? 0.7 : 0.3 };
            new History(cluster, seed) { ChangesMembers = seed % 2 == 1 || defect == Defects.CommitJointByIncomingOnly }.Run(500);
            return false;
        }
        catch (Exception e) when (e is XunitException or UnreachableException)
        {
            // A check of the cluster, or an invariant of the node.
            return true;
        }
    }
}
