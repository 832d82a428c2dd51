using System.Collections.Concurrent;
using LeaseManager.Core;

namespace Simulation.Leases;

/// <summary>
/// Seeded histories of one to three lease managers with everything that can go wrong, clocks that drift included: no lease ends early (I7), and none is kept when the
/// faults stop. And proof that the histories see: each known mistake is found within the stated number of seeds.
/// </summary>
public sealed class LeaseSimulationTests
{
    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : otherwise;

    [Fact]
    public void Run_AnySeed_NoLeaseEndsEarlyOrIsKept()
    {
        var from = Setting("SIMULATION_FROM", 1);
        var failures = new ConcurrentBag<string>();
        var (promises, ended, takeovers, checkpoints, waits) = (0, 0, 0, 0, 0);
        Parallel.For(from, from + Setting("SIMULATION_SEEDS", 600), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            var result = LeaseRun.One(seed);
            if (result.Failure is not null)
                failures.Add(result.Line);
            Interlocked.Add(ref promises, result.World.Truth.Promises);
            Interlocked.Add(ref ended, result.World.Truth.Ended);
            Interlocked.Add(ref takeovers, result.World.Takeovers);
            Interlocked.Add(ref checkpoints, result.World.Checkpoints);
            Interlocked.Add(ref waits, result.World.Truth.Waits);
        });
        Assert.True(failures.IsEmpty, string.Join('\n', failures.Order(StringComparer.Ordinal)));
        // Histories in which nothing happens prove nothing.
        Assert.True(
            promises > 0 && ended > 0 && takeovers > 0 && checkpoints > 0 && waits > 0,
            $"{promises} promises, {ended} ends, {takeovers} takeovers, {checkpoints} checkpoints, {waits} keep-alives that waited");
    }

    [Fact]
    public void Run_SameSeed_SameHistory()
    {
        var one = LeaseRun.One(7, keepsTrace: true);
        Assert.NotEmpty(one.World.History);
        Assert.Equal(one.World.History, LeaseRun.One(7, keepsTrace: true).World.History);
    }

    [Theory]
    [InlineData(nameof(LeaseDefects.SkipGrace), 100)]
    [InlineData(nameof(LeaseDefects.AnswerUnproven), 300)]
    [InlineData(nameof(LeaseDefects.KeepDeadlinesAtHandover), 20)]
    [InlineData(nameof(LeaseDefects.ForgetCheckpointsAtHandover), 20)]
    [InlineData(nameof(LeaseDefects.KeepAliveBesideCheckpoint), 20)]
    [InlineData(nameof(LeaseDefects.TrustStaleDeadlines), 20)]
    [InlineData(nameof(LeaseDefects.ProveFromTheAnswer), 20)]
    [InlineData(nameof(LeaseDefects.ForgetOnReset), 20)]
    [InlineData(nameof(LeaseDefects.NeverTakeOver), 20)]
    [InlineData(nameof(LeaseDefects.AnswerBehind), 100)]
    [InlineData(nameof(LeaseDefects.ForgetTheAsked), 20)]
    public void Run_DefectOfTheCore_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile with { Defects = Enum.Parse<LeaseDefects>(defect) });

    [Theory]
    [InlineData(nameof(LeaseShellDefects.ExpireUnderAnyClaim), 100)]
    [InlineData(nameof(LeaseShellDefects.CheckpointUnderAnyClaim), 50)]
    [InlineData(nameof(LeaseShellDefects.ExpireWithoutIndex), 100)]
    [InlineData(nameof(LeaseShellDefects.ProveWithoutFeed), 300)]
    public void Run_DefectOfTheShell_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile with { ShellDefects = Enum.Parse<LeaseShellDefects>(defect) });

    internal static string? FirstFound(int seeds, Func<LeaseProfile, LeaseProfile> defect)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            if (LeaseRun.One(seed, profile => Stormy(defect(profile))) is { Failure: { } failure })
                return $"seed {seed}: {failure}";
        }
        return null;
    }

    /// <summary>What finds a defect is the defect: the faults of its histories alone do no harm.</summary>
    [Fact]
    public void Run_SameFaultsWithoutTheDefect_NothingFound()
    {
        foreach (var defect in Enum.GetValues<LeaseDefects>())
            AssertSound(profile => Stormy(profile with { Defects = defect }) with { Defects = LeaseDefects.None });
        foreach (var defect in Enum.GetValues<LeaseShellDefects>())
            AssertSound(profile => Stormy(profile with { ShellDefects = defect }) with { ShellDefects = LeaseShellDefects.None });
    }

    private static void AssertSound(Func<LeaseProfile, LeaseProfile> change)
    {
        for (var seed = 1; seed <= 25; seed++)
        {
            var result = LeaseRun.One(seed, change);
            Assert.True(result.Failure is null, $"seed {seed}: {result.Failure}");
        }
    }

    /// <summary>What a defect needs to show, made frequent.</summary>
    internal static LeaseProfile Stormy(LeaseProfile profile) => profile switch
    {
        { Defects: LeaseDefects.SkipGrace or LeaseDefects.AnswerUnproven } or { ShellDefects: LeaseShellDefects.ProveWithoutFeed } => profile with
        {
            Managers = 3, CoupEvery = 3000, HidesCoups = true, FaultEvery = 0, KeepAliveEvery = 100, KeptRate = 1, KeptFor = 4000, LongRate = 0, MaxDelay = 20, Leases = 40, Length = 40_000,
        },
        { ShellDefects: LeaseShellDefects.CheckpointUnderAnyClaim } => profile with
        {
            Managers = 2, CoupEvery = 2000, FaultEvery = 1500, KeepAliveEvery = 300, KeptRate = 1, LongRate = 1, CheckpointInterval = 1500, MaxDelay = 300, LossRate = 0.3,
            Leases = 40, Length = 40_000,
        },
        // Nobody asks for leases: their ends are under way more often when they are granted again.
        { ShellDefects: LeaseShellDefects.ExpireWithoutIndex } => profile with { KeptRate = 0, MaxDelay = 300, LossRate = 0.1, Leases = 40, Length = 40_000 },
        _ => profile,
    };

    private static void AssertFound(int seeds, Func<LeaseProfile, LeaseProfile> defect) =>
        Assert.True(FirstFound(seeds, defect) is not null, $"not found in {seeds} seeds");
}
