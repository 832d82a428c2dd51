using Consensus.Core.Raft;
using Simulation.World;

namespace Simulation.Runs;

/// <summary>
/// Proof that the simulation sees: each known mistake, put in on purpose, is found within the stated number of seeds. The histories are those of
/// <see cref="SimulationTests"/>; for mistakes that show only in a short moment, with such moments made frequent. The same histories without the mistake pass.
/// </summary>
public sealed class BugTableTests
{
    [Theory]
    [InlineData(nameof(Defects.GrantTwoVotesPerTerm), 20)]
    [InlineData(nameof(Defects.CommitOldTermByCounting), 20)]
    [InlineData(nameof(Defects.StaleReadIndex), 60)]
    [InlineData(nameof(Defects.ApplyConfigurationOnAppend), 300)]
    [InlineData(nameof(Defects.CommitJointByIncomingOnly), 80)]
    [InlineData(nameof(Defects.SkipLogComparison), 20)]
    [InlineData(nameof(Defects.AckBeforePersist), 20)]
    [InlineData(nameof(Defects.LeaderCountsUnpersisted), 60)]
    [InlineData(nameof(Defects.ReadBeforeOwnTermCommit), 500)]
    [InlineData(nameof(Defects.TruncateOnEveryAppend), 20)]
    [InlineData(nameof(Defects.VoteBeforePersist), 60)]
    [InlineData(nameof(Defects.HeartbeatCommitsUnmatched), 20)]
    public void Run_DefectOfTheCore_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile with { Defects = Enum.Parse<Defects>(defect) });

    [Theory]
    [InlineData(nameof(ShellDefects.SkipSync), 10)]
    [InlineData(nameof(ShellDefects.ApplyTwice), 20)]
    [InlineData(nameof(ShellDefects.ForgetSessions), 10)]
    [InlineData(nameof(ShellDefects.LeaveUnasked), 300)]
    [InlineData(nameof(ShellDefects.ForgetVote), 100)]
    [InlineData(nameof(ShellDefects.LoseSession), 20)]
    public void Run_DefectOfTheShell_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile with { ShellDefects = Enum.Parse<ShellDefects>(defect) });

    /// <summary>What finds a defect is the defect: the faults of its histories alone do no harm.</summary>
    [Fact]
    public void Run_SameFaultsWithoutTheDefect_NothingFound()
    {
        foreach (var defect in Enum.GetValues<Defects>().Where(defect => defect != 0))
            AssertSound(profile => Stormy(profile with { Defects = defect }) with { Defects = Defects.None });
        foreach (var defect in Enum.GetValues<ShellDefects>().Where(defect => defect != 0))
            AssertSound(profile => Stormy(profile with { ShellDefects = defect }) with { ShellDefects = ShellDefects.None });
    }

    private static void AssertSound(Func<Profile, Profile> change)
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var result = Run.One(seed, 3 + seed % 3, change);
            Assert.True(result.Failure is null, $"seed {seed}: {result.Failure}");
        }
    }

    internal static string? FirstFound(int seeds, Func<Profile, Profile> defect)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            var result = Run.One(seed, 3 + seed % 3, profile => Stormy(defect(profile)));
            if (result.Failure is not null)
                return $"seed {seed}: {result.Failure}";
        }
        return null;
    }

    /// <summary>What each defect needs to show: several of them only in the moment of an election, a change or a crash.</summary>
    private static Profile Stormy(Profile profile) => profile.Defects switch
    {
        Defects.None when profile.ShellDefects == ShellDefects.LeaveUnasked => profile with { CutsRemovedLeaders = true, ChangesAtOnce = 6, ChangeEvery = 800 },
        Defects.None when profile.ShellDefects == ShellDefects.ApplyTwice => profile with { CrashEvery = 800 },
        Defects.None when profile.ShellDefects == ShellDefects.LoseSession => profile with { AppliesToStorage = true },
        Defects.None when profile.ShellDefects == ShellDefects.ForgetVote => profile with { CrashesVoters = true, PreVote = false, MaxDelay = 100, MaxStoreDelay = 20, DropRate = 0.15, CrashesNewLeaders = true },
        Defects.CommitOldTermByCounting => profile with { Members = 5, CutsNewLeaders = true, CrashesNewLeaders = false, MaxAppendBytes = 30, MaxInflight = 1, MaxDelay = 20, MaxStoreDelay = 3, MaxApplyDelay = 50, DropRate = 0, RepeatRate = 0, CrashEvery = 0, PartitionEvery = 0, DiskFaultEvery = 0, ChangeEvery = 0, TransferEvery = 0, Clients = 6, Length = 60_000 },
        Defects.ReadBeforeOwnTermCommit => profile with { Members = 3, CrashesNewLeaders = false, MaxDelay = 20, MaxStoreDelay = 300, MaxApplyDelay = 1, DropRate = 0, CrashEvery = 600, PartitionEvery = 0, DiskFaultEvery = 0, ChangeEvery = 0, Clients = 12 },
        Defects.ApplyConfigurationOnAppend => profile with { CutsNewLeaders = true, ChangeEvery = 80, ChangesAtOnce = 1, CrashEvery = 0, PartitionEvery = 0, DiskFaultEvery = 0, MaxDelay = 20, MaxStoreDelay = 3, DropRate = 0 },
        Defects.VoteBeforePersist => profile with { CrashEvery = 500, MaxStoreDelay = 300, MaxDelay = 20, StoresInParallel = true },
        Defects.LeaderCountsUnpersisted => profile with { StoresInParallel = true, MaxDelay = 5, MaxStoreDelay = 300, CrashEvery = 500, PartitionEvery = 1000, ChangeEvery = 0 },
        Defects.CommitJointByIncomingOnly => profile with { ChangesAtOnce = 8, ChangeEvery = 1500, SplitsJoint = true, PartitionEvery = 0, CrashEvery = 0, DiskFaultEvery = 0, MaxDelay = 20, MaxStoreDelay = 5, DropRate = 0 },
        Defects.StaleReadIndex => profile with { PartitionEvery = 1000, MaxDelay = 5, MaxStoreDelay = 5, MaxApplyDelay = 1, Clients = 6, ChangeEvery = 0 },
        _ => profile,
    };

    private static void AssertFound(int seeds, Func<Profile, Profile> defect) =>
        Assert.True(FirstFound(seeds, defect) is not null, $"not found in {seeds} seeds");
}
