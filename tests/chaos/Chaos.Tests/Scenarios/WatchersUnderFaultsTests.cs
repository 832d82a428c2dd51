using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using Chaos.Tests.Workload.Watching;
using WatchGuarantees.History;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>
/// Goal: whatever happens behind the gateways, thousands of watches go on as if nothing had: no error, no gap, no repeat, and every other guarantee (I6); with a gateway of their own
/// they go on elsewhere. Method: watches of every kind on streams at all gateways record what they hear, while hubs, storage and a gateway are killed and frozen under writes, hubs are
/// told to stop, and nothing comes through between gateways and a hub, or a hub and storage; it is held against the history of all keys.
/// </summary>
[Collection(SplitClusters.Name)]
public sealed class WatchersUnderFaultsTests(SharedCluster shared, ITestOutputHelper output) : ClusterScenario(output)
{
    private const int Streams = 20, WatchesOfAStream = 100;
    private const int Clients = 60, Counters = 20;

    // While something is missing, and again when it is back.
    private const int WritesBetween = 150;

    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    [ChaosFact]
    public Task HubsStorageAGatewayAndWhatIsBetweenStruck_ThousandsOfWatches_KeepEveryGuarantee() => shared.RunAsync(() => new SplitProgram(), RunAsync);

    private async Task RunAsync(ChaosCluster cluster, int first)
    {
        try
        {
            var victim = cluster.Members[0];
            var others = cluster.AllBut(victim).ToList();
            await using var fleet = await WatchFleet.StartAsync(
                [.. cluster.Members.Select(member => member.Endpoint)], Enumerable.Range(0, Streams).Select(stream => ScopesOf(stream, first)), s_deadline);
            await using var groups = new GroupWriter(others[0].Endpoint, s_requestLimit);
            await using var workload = WorkloadRun.Start(others, new WorkloadOptions
            {
                Clients = Clients,
                FirstClient = first,
                Pause = TimeSpan.FromMilliseconds(100),
                RequestLimit = s_requestLimit,
                Script = n => n % 2 == 0 ? new OwnCounterScript(first + n) : new SharedCounterScript(first + (n % Counters)),
            });
            await StrikeAsync(cluster, workload, victim, () => fleet.CaughtUpAsync(groups.Revision, s_deadline));
            var report = await workload.StopAsync();
            await groups.StopAsync();
            var last = Math.Max(groups.Revision, report.History.Where(o => o.IsDecided).Max(o => o.Output.Revision));
            await fleet.CaughtUpAsync(last, s_deadline);
            await fleet.StopAsync();

            var written = await WatchFleet.ReadAsync(others[0].Endpoint, last, s_deadline);
            var ends = fleet.Ends.ToList();
            Output.WriteLine(
                $"{fleet.Records.Count()} watches heard {fleet.Records.Sum(record => record.Heard.Count())} events of {written.Last} revisions, "
                + $"{report}; {ends.Count} streams ended with their gateway");
            Assert.Empty(report.Errors);
            Assert.Empty(groups.Errors);
            Assert.All(ends, end => Assert.Equal(victim.Endpoint, end.Endpoint));
            Assert.NotEmpty(ends);
            CheckWritten(report, written);
            fleet.Check(written);
        }
        catch (Exception)
        {
            Output.WriteLine(cluster.Log);
            throw;
        }
    }

    private static async Task StrikeAsync(ChaosCluster cluster, WorkloadRun workload, Member victim, Func<Task> allCaughtUpAsync)
    {
        await workload.AcknowledgedAsync(WritesBetween);
        var network = cluster.ServiceNetwork;
        var storages = cluster.Members.Select(member => SplitProgram.OfStorage(member.Number)).ToList();
        foreach (var hub in SplitProgram.Hubs)
        {
            await KillAsync(cluster.Beside, hub);
            await FreezeAsync(cluster.Beside, hub);
        }
        // By turns, so that each gets everybody from the other before it loses them.
        var (first, second) = (SplitProgram.OfHub(0), SplitProgram.OfHub(1));
        await TerminateAsync(cluster.Beside, SplitProgram.Hubs[1]);
        await CutAsync([(SplitProgram.OfGateways, first)]);
        // It goes to the replica that is left; with none it lets everybody go.
        await CutAsync([.. storages.SkipLast(1).Select(storage => (second, storage))]);
        await CutAsync([.. storages.Select(storage => (second, storage))]);
        // Wherever the hubs' feeds come from: it is struck.
        await KillAsync(cluster.Members[0].Processes, SplitProgram.Storage);
        await FreezeAsync(cluster.Members[1].Processes, SplitProgram.Storage);
        await KillAsync(cluster.Members[2].Processes, SplitProgram.Storage);
        await KillAsync(victim.Processes, SplitProgram.Gateway);

        async Task KillAsync(ProcessGroup processes, string role)
        {
            await processes.EndAsync(process => process.Kill(), "killed", role);
            await workload.AcknowledgedAsync(WritesBetween);
            processes.Start(role);
            await cluster.AllHealthyAsync();
            await workload.AcknowledgedAsync(WritesBetween);
        }

        // It goes when those who watch have left it, by itself.
        async Task TerminateAsync(ProcessGroup processes, string role)
        {
            await processes.EndAsync(process => process.Terminate(), "terminated", role);
            await workload.AcknowledgedAsync(WritesBetween);
            processes.Start(role);
            await cluster.AllHealthyAsync();
            await workload.AcknowledgedAsync(WritesBetween);
        }

        // Connections stay and carry nothing, in either direction; so do new ones.
        async Task CutAsync(IReadOnlyList<(int One, int Other)> ways)
        {
            foreach (var (one, other) in ways)
            {
                network.Between(one, other).Cut();
                network.Between(other, one).Cut();
            }
            await workload.AcknowledgedAsync(WritesBetween);
            await allCaughtUpAsync();
            network.Heal();
            await cluster.AllHealthyAsync();
            await workload.AcknowledgedAsync(WritesBetween);
        }

        async Task FreezeAsync(ProcessGroup processes, string role)
        {
            processes.Signal(process => process.Freeze(), role);
            await workload.AcknowledgedAsync(WritesBetween);
            // Whoever was served by it has gone elsewhere.
            await allCaughtUpAsync();
            processes.Signal(process => process.Thaw(), role);
            await workload.AcknowledgedAsync(WritesBetween);
        }
    }

    // Most watch a key of their own, as users' do; a few watch much.
    private static List<WatchScope> ScopesOf(int stream, int first)
    {
        var scopes = new List<WatchScope>();
        for (var n = 0; n < WatchesOfAStream; n++)
        {
            var number = (stream * WatchesOfAStream) + n;
            var client = number % Clients;
            var key = client % 2 == 0 ? OwnCounterScript.Key(first + client) : SharedCounterScript.Key(first + (client % Counters));
            scopes.Add(n switch
            {
                < 88 => new WatchScope(key, PreviousValue: number % 3 == 0, NoDelete: number % 5 == 0, Fragment: number % 7 == 0),
                < 96 => new WatchScope(
                    GroupWriter.Prefix, GroupWriter.Prefix[..^1] + '0', PreviousValue: n % 2 == 0, NoPut: n is 88 or 89, NoDelete: n is 90 or 91, Fragment: n is 92 or 93),
                96 => new WatchScope(GroupWriter.Prefix + '2', GroupWriter.Prefix + '6', PreviousValue: true),
                97 => new WatchScope(GroupWriter.Prefix + '3'),
                98 => new WatchScope($"shared/{first}", "shared0"),
                _ => new WatchScope($"own/{first}", "\0", PreviousValue: stream % 2 == 0),
            });
        }
        return scopes;
    }

    // The history that watches are held against is itself read by a watch: every acknowledged write is in it.
    private static void CheckWritten(WorkloadReport report, WrittenHistory written) => Assert.All(
        report.History.Where(o => o.IsDecided && o.Output.Wrote),
        write => Assert.Contains(written.At(write.Output.Revision), one => one.Key == write.Input.Key && one.State?.Value == write.Input.Value));
}
