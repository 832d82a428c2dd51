using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: a log that answers nobody for longer than a lease's TTL costs no lease whose holder asks for it meanwhile, and keeps none that nobody asks for. Method: processes of services with one
/// lease manager, which stays the active one; consensus is frozen.
/// </summary>
public sealed class LeaseOutageTests(ITestOutputHelper output)
{
    private const int Keepers = 20, Dying = 5;
    private const long DyingTtl = 2;

    // Longer than the TTL of a kept lease, 5 s, and shorter than a request waits, 7 s.
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(5.3), s_limit = TimeSpan.FromSeconds(20);

    [ChaosFact]
    public async Task ConsensusFrozenForLongerThanTheTtl_LeasesAskedForLiveAndOthersEnd()
    {
        await using var cluster = await ChaosCluster.StartAsync(new SplitProgram(), new ClusterOptions { Members = 1 });
        var member = cluster.Members[0];
        try
        {
            await using var keepers = new LeaseKeepers();
            await keepers.AddAsync(Keepers, _ => member.Connect(), "kept");
            await using var dying = await DyingLeases.StartAsync(member.Endpoint);
            await dying.GrantAsync(Dying, DyingTtl);

            member.Processes.Signal(process => process.Freeze(), SplitProgram.Consensus);
            await Task.Delay(s_outage); // The outage itself.
            member.Processes.Signal(process => process.Thaw(), SplitProgram.Consensus);

            await dying.EndedAsync(s_limit);
            // What was proposed meanwhile has been applied when leases end that were granted afterwards.
            await dying.GrantAsync(Dying, DyingTtl);
            await dying.EndedAsync(s_limit);
            await keepers.CheckAsync();
        }
        catch (Exception)
        {
            output.WriteLine(cluster.Log);
            throw;
        }
    }
}
