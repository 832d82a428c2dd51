using System.Globalization;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Network;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: clients of both gateways notice a pause only while the container of a consensus member is killed, frozen, or cut off from its network or from one direction of it. Method:
/// <see cref="ComposeScenario"/>, all on one stack.
/// </summary>
public sealed class ComposeClusterTests(SharedStack shared, ITestOutputHelper output) : ComposeScenario(output), IClassFixture<SharedStack>
{
    private const int Kills = 7;

    [ChaosFact(Need.ContainerEngine)]
    public Task MembersKilledFrozenAndCutOff_ClientsOfBothGateways_NoticeAPauseOnly() => shared.RunAsync((stack, first) => RunAsync(stack, first, async () =>
    {
        var kills = new List<TimeSpan>();
        for (var round = 0; round < Kills; round++)
            kills.Add(await StrikeAsync(await LeaderAsync(), "leader killed", Kill, Start));
        await StrikeAsync(await FollowerAsync(), "follower killed", Kill, Start);
        AssertMedian(kills, MaxGapAfterKill, "kills");

        List<TimeSpan> silences =
        [
            await StrikeAsync(await LeaderAsync(), "leader frozen", Freeze, Thaw),
            await StrikeAsync(await FollowerAsync(), "follower frozen", Freeze, Thaw),
            await StrikeAsync(await LeaderAsync(), "leader cut off", Disconnect, Connect),
            await StrikeAsync(await FollowerAsync(), "follower cut off", Disconnect, Connect),
            await StrikeAsync(await LeaderAsync(), "leader frozen again", Freeze, Thaw),
        ];
        AssertMedian(silences, MaxGapAfterSilence, "silences");
    }));

    [ChaosFact(Need.ContainerEngine | Need.ContainerNetwork)]
    public Task MembersHearNobodyOrAreHeardByNobody_ClientsOfBothGateways_NoticeAPauseOnly() => shared.RunAsync((stack, first) => RunAsync(stack, first, async () =>
    {
        List<TimeSpan> silences = [];
        foreach (var direction in (Direction[])[Direction.Incoming, Direction.Outgoing])
        {
            silences.Add(await StrikeAsync(await LeaderAsync(), $"leader without {direction} packets", CutIn(direction), Heal));
            silences.Add(await StrikeAsync(await FollowerAsync(), $"follower without {direction} packets", CutIn(direction), Heal));
        }
        AssertMedian(silences, MaxGapAfterSilence, "cuts");
    }));

    private Task Kill(StackContainer member) => Stack.Project.DockerAsync("kill", member.Name);

    private Task Start(StackContainer member) => Stack.Project.DockerAsync("start", member.Name);

    private Task Freeze(StackContainer member) => Stack.Project.DockerAsync("pause", member.Name);

    private Task Thaw(StackContainer member) => Stack.Project.DockerAsync("unpause", member.Name);

    private Task Disconnect(StackContainer member) =>
        Stack.Project.DockerAsync("network", "disconnect", $"{Stack.Project.Name}_internal", member.Name);

    private Task Connect(StackContainer member) =>
        Stack.Project.DockerAsync("network", "connect", "--alias", member.Service, $"{Stack.Project.Name}_internal", member.Name);

    private Func<StackContainer, Task> CutIn(Direction direction) =>
        async member => await ContainerNetwork.CutAsync(await ProcessIdAsync(member), direction);

    private async Task Heal(StackContainer member) => await ContainerNetwork.HealAsync(await ProcessIdAsync(member));

    private async Task<int> ProcessIdAsync(StackContainer member) =>
        int.Parse(await Stack.Project.DockerAsync("inspect", "--format", "{{.State.Pid}}", member.Name), CultureInfo.InvariantCulture);
}
