using Bench.Http2;
using Bench.Servers;
using Bench.Workloads;

namespace Bench.Failover;

/// <summary>Kills the leader under writes to the others, and starts it again.</summary>
/// <param name="Clients">Writers, spread over the members that survive.</param>
/// <param name="Before">Measured time before the kill; half as long again comes before that, unmeasured.</param>
/// <param name="After">Measured time from the kill on; longer than a server's request timeout, so that no error comes too late to be counted.</param>
internal sealed record FailoverRound(int Clients, TimeSpan Before, TimeSpan After)
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    public FailoverResult Run(Deployment servers)
    {
        var leader = servers.FindLeader();
        Uri[] survivors = [.. servers.Members.Where(m => m != leader).Select(m => m.Address.Client)];
        var options = new LoadOptions { Workload = WorkloadKind.Put, Clients = Clients };

        using var loop = new EventLoop();
        Connection[] connections = [.. Enumerable.Range(0, options.EffectiveConnections).Select(n => loop.Connect(survivors[n % survivors.Length]))];
        if (!loop.RunUntil(() => connections.All(c => c.IsReady), ReadyTimeout))
            throw new BenchException($"{string.Join(',', survivors.AsEnumerable())} do not speak HTTP/2");
        var writers = new WriterLoad(loop, connections, options);
        writers.Start(Clients);
        loop.RunFor(Before / 2);
        writers.Reset();
        loop.RunFor(Before);
        var (quietGap, beforePerSecond) = (writers.LongestGap, writers.Acknowledged / Before.TotalSeconds);

        writers.Reset();
        leader.Kill();
        loop.RunFor(After);
        var (gap, slowest) = (writers.LongestGap, writers.SlowestWrite);
        writers.Stop();
        if (!loop.RunUntil(() => writers.IsIdle, DrainTimeout))
            writers.Errors.Add($"no answer within {(After + DrainTimeout).TotalSeconds} s");

        leader.Restart();
        servers.AwaitAnswers();
        return new FailoverResult(gap, quietGap, slowest, beforePerSecond, writers.Errors.Count, writers.Errors.ToString());
    }
}
