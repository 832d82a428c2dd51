using WatchHub.Core;
using WatchSimulation.World;

namespace WatchSimulation.Runs;

/// <summary>Proof that the simulation sees: each known mistake, put in on purpose, is found within the stated number of seeds. The same histories without it pass.</summary>
public sealed class MistakeTableTests
{
    [Theory]
    [InlineData(nameof(HubDefects.SkipsWhenUnblocked), 10)]
    [InlineData(nameof(HubDefects.RepeatsWhenUnblocked), 10)]
    [InlineData(nameof(HubDefects.ProgressBeforeCaughtUp), 10)]
    [InlineData(nameof(HubDefects.NotifiesWatchersBehind), 10)]
    [InlineData(nameof(HubDefects.SplitsSilently), 20)]
    [InlineData(nameof(HubDefects.SkipsWhatIsCompacted), 10)]
    [InlineData(nameof(HubDefects.ForgetsWhatTheCallerSaw), 10)]
    [InlineData(nameof(HubDefects.StaysSyncedWithoutFeed), 20)]
    [InlineData(nameof(HubDefects.SyncedAfterOnePiece), 10)]
    [InlineData(nameof(HubDefects.CatchUpWithoutPrevious), 10)]
    [InlineData(nameof(HubDefects.OneHistoryIsEnough), 10)]
    public void Run_MistakeOfTheCore_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile with { Defects = Enum.Parse<HubDefects>(defect) });

    [Theory]
    [InlineData(nameof(ShellDefects.FeedResumesLate), 10)]
    [InlineData(nameof(ShellDefects.HistoryOfReplicaBehind), 10)]
    [InlineData(nameof(ShellDefects.GatewayResumesEarly), 10)]
    [InlineData(nameof(ShellDefects.GatewayResumesLate), 10)]
    [InlineData(nameof(ShellDefects.GatewayForgetsSeen), 10)]
    public void Run_MistakeOfTheShell_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile with { ShellDefects = Enum.Parse<ShellDefects>(defect) });

    /// <summary>What v2 adds, and what it has in common with v3, in histories of v2 alone.</summary>
    [Theory]
    [InlineData(nameof(HubDefects.TakesAMoveForHistory), 10)]
    [InlineData(nameof(HubDefects.TakesHistoryForLive), 10)]
    [InlineData(nameof(HubDefects.CatchUpShowsHidden), 10)]
    [InlineData(nameof(HubDefects.HiddenDirectoriesShow), 10)]
    [InlineData(nameof(HubDefects.RemovalsStayAbove), 10)]
    [InlineData(nameof(HubDefects.SkipsWhenUnblocked), 10)]
    [InlineData(nameof(HubDefects.RepeatsWhenUnblocked), 10)]
    [InlineData(nameof(HubDefects.ForgetsWhatTheCallerSaw), 10)]
    [InlineData(nameof(HubDefects.SyncedAfterOnePiece), 10)]
    [InlineData(nameof(HubDefects.OneHistoryIsEnough), 10)]
    public void Run_MistakeOfTheCoreInV2_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile.OfPaths() with { Defects = Enum.Parse<HubDefects>(defect) });

    [Theory]
    [InlineData(nameof(ShellDefects.GatewayBeginsAnew), 10)]
    [InlineData(nameof(ShellDefects.FeedResumesLate), 10)]
    [InlineData(nameof(ShellDefects.HistoryOfReplicaBehind), 10)]
    [InlineData(nameof(ShellDefects.GatewayResumesEarly), 10)]
    [InlineData(nameof(ShellDefects.GatewayResumesLate), 10)]
    [InlineData(nameof(ShellDefects.GatewayForgetsSeen), 10)]
    public void Run_MistakeOfTheShellInV2_IsFound(string defect, int seeds) =>
        AssertFound(seeds, profile => profile.OfPaths() with { ShellDefects = Enum.Parse<ShellDefects>(defect) });

    internal static RunResult? FirstFound(int seeds, Func<Profile, Profile> mistake)
    {
        for (var seed = 1; seed <= seeds; seed++)
        {
            var result = Run.One(seed, mistake);
            if (result.Failure is not null)
                return result;
        }
        return null;
    }

    private static void AssertFound(int seeds, Func<Profile, Profile> mistake)
    {
        var found = FirstFound(seeds, mistake);
        Assert.True(found is not null, $"not found in {seeds} seeds");
        var right = Run.One(found.Seed, profile => mistake(profile) with { Defects = HubDefects.None, ShellDefects = ShellDefects.None });
        Assert.True(right.Failure is null, "the history fails without the mistake, too");
    }
}
