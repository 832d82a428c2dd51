using System.Collections.Concurrent;
using System.Diagnostics;
using Chaos.Tests.Harness;
using Chaos.Tests.Harness.Programs;
using Chaos.Tests.Workload;
using Linearizability.Checking;
using Linearizability.History;
using Linearizability.Keys;
using Xunit.Abstractions;

namespace Chaos.Tests.Scenarios;

/// <summary>A cluster, clients on all its members, and something that goes wrong meanwhile.</summary>
public abstract class ClusterScenario(ITestOutputHelper output)
{
    private const int MixedKeys = 6;
    private const int FinalReader = 1_000_000;
    private static readonly TimeSpan s_checkLimit = TimeSpan.FromSeconds(60);

    protected ITestOutputHelper Output => output;

    /// <summary>Runs the fault so many times under a mixed load, on a cluster of its own, and checks the whole history.</summary>
    protected async Task RunMixedAsync(int rounds, Func<ChaosCluster, WorkloadRun, Task> fault, ClusterOptions cluster, int paddingBytes = 0)
    {
        await using var started = await ChaosCluster.StartAsync(ClusterProgram.Chosen, cluster);
        await RunMixedAsync(started, 0, rounds, fault, paddingBytes);
    }

    /// <summary>The same on a cluster that others use as well; keys are numbered from <paramref name="first"/>.</summary>
    protected async Task RunMixedAsync(ChaosCluster started, int first, int rounds, Func<ChaosCluster, WorkloadRun, Task> fault, int paddingBytes = 0)
    {
        try
        {
            var seed = System.Environment.TickCount;
            output.WriteLine($"{ClusterProgram.Chosen.Label}, seed {seed}");
            var seen = new ConcurrentDictionary<string, KeyRecord>();
            await using var workload = WorkloadRun.Start(started.Members, new WorkloadOptions
            {
                Script = n => new MixedScript(n, unchecked(seed + n), first, MixedKeys, seen),
                PaddingBytes = paddingBytes,
            });
            for (var round = 0; round < rounds * Settings.Rounds; round++)
            {
                await workload.AcknowledgedAsync(200);
                await fault(started, workload);
                await started.AllHealthyAsync();
            }
            await workload.AcknowledgedAsync(200);
            var report = await workload.StopAsync();
            output.WriteLine($"{report}; {report.ErrorSummary()}");
            var last = await ReadFinallyAsync(started, Enumerable.Range(first, MixedKeys).Select(MixedScript.Key));
            CheckHistory([.. report.History, .. last]);
        }
        catch (Exception)
        {
            output.WriteLine(started.Log);
            throw;
        }
    }

    /// <summary>Fails with a picture when no single store could have answered so.</summary>
    protected void CheckHistory(IReadOnlyList<Operation<KeyRequest, KeyAnswer>> history)
    {
        var began = Stopwatch.GetTimestamp();
        var order = RevisionOrder.Violation(history);
        Assert.True(order is null, order);
        var model = new KeyModel();
        var result = Checker.Check(model, history, s_checkLimit);
        Assert.True(result.IsLinearizable, result.Render(model));
        output.WriteLine($"{history.Count} operations are linearizable (checked in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms)");
    }

    /// <summary>Reads each key once through each member.</summary>
    protected static async Task<List<Operation<KeyRequest, KeyAnswer>>> ReadFinallyAsync(ChaosCluster cluster, IEnumerable<string> keys)
    {
        var all = keys.ToList();
        var history = new List<Operation<KeyRequest, KeyAnswer>>();
        foreach (var member in cluster.Members)
        {
            using var client = new KvClient(FinalReader + member.Number, member.Connect(), TimeSpan.FromSeconds(10));
            foreach (var key in all)
                Assert.True(await client.DoAsync(new(RequestKind.Get, key)) is not null, $"member {member.Number} did not answer: {client.Errors.LastOrDefault().Error?.Status}");
            history.AddRange(client.History);
        }
        return history;
    }
}
