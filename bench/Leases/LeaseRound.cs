using System.Diagnostics;
using Bench.Http2;
using Bench.Measure;
using Bench.Servers;
using Bench.Workloads;

namespace Bench.Leases;

/// <summary>Grants many leases, keeps some of them alive among all, and lets others end in one second while clients put.</summary>
/// <param name="Live">Leases that stay.</param>
/// <param name="Ending">Leases with a key each that end in the same second.</param>
/// <param name="Clients">Closed-loop clients of grants and keep-alives.</param>
/// <param name="Putters">Closed-loop clients of the puts beside the end.</param>
/// <param name="Phase">Length of each measured phase.</param>
internal sealed record LeaseRound(int Live, int Ending, int Clients, int Putters, TimeSpan Phase)
{
    private const long LiveTtl = 36_000, FirstLive = 1, FirstEnding = 1_000_000_000;
    private static readonly TimeSpan SetUpTimeout = TimeSpan.FromSeconds(30), FillTimeout = TimeSpan.FromMinutes(10), EndTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3), WarmUp = TimeSpan.FromSeconds(2), CountEvery = TimeSpan.FromMilliseconds(50);

    // Enough to grant them and to put their keys before the first of them ends, also for etcd on a slow disk.
    private TimeSpan Target => TimeSpan.FromSeconds(15 + (Ending / 2000.0)) + Phase;

    public LeaseResult Run(Target target)
    {
        using var loop = new EventLoop();
        var options = new LoadOptions { Workload = WorkloadKind.Put, Clients = Clients };
        Connection[] connections = [.. Enumerable.Range(0, options.EffectiveConnections).Select(n => loop.Connect(target.EndpointOf(n)))];
        var control = loop.Connect(target.EndpointOf(0));
        if (!loop.RunUntil(() => control.IsReady && connections.All(c => c.IsReady), SetUpTimeout))
            throw new BenchException($"{target} does not speak HTTP/2");
        var context = new LoadContext(options, connections, [], new LatencyRecorder(), new ErrorLog());
        // The server's code and heap are warm before its memory is looked at.
        Fill(loop, context, new GrantRequests(FirstLive + Live, static () => LiveTtl), Math.Max(1, Live / 10));
        loop.RunFor(Settling);
        var before = Memory(target);
        var grants = Measure(target, context, () => Fill(loop, context, new GrantRequests(FirstLive, static () => LiveTtl), Live));
        loop.RunFor(Settling);
        var bytes = (Memory(target) - before) / Live;

        var keeping = new KeepAliveLoad(context);
        keeping.Prepare();
        Await(loop, () => keeping.IsPrepared, "the leases to be kept alive");
        keeping.Start();
        loop.RunFor(WarmUp);
        var keepAlives = Measure(target, context, () => loop.RunFor(Phase));
        keeping.Stop();
        Await(loop, () => keeping.IsIdle, keeping.Missing);

        var (idle, ending, seconds) = End(loop, target, context, control);
        return new LeaseResult(grants, keepAlives, bytes, idle, ending, seconds, context.Errors.Count, context.Errors.ToString());
    }

    private (LoadResult Idle, LoadResult Ending, double Seconds) End(EventLoop loop, Target target, LoadContext context, Connection control)
    {
        var began = Stopwatch.GetTimestamp();
        Fill(loop, context, GrantRequests.EndingAt(FirstEnding, began, Target), Ending);
        Fill(loop, context, new LeasedPutRequests(FirstEnding), Ending);
        if (Stopwatch.GetElapsedTime(began) > Target - Phase - WarmUp)
            throw new BenchException($"{Ending} leases were not there before they were to end: {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        var puts = new UnaryLoad(context, RequestSources.For(new LoadOptions { Workload = WorkloadKind.Put, Clients = Putters })!, Putters);
        puts.Start();
        loop.RunFor(Target - Phase - Stopwatch.GetElapsedTime(began));
        var idle = Measure(target, context, () => loop.RunFor(Target - Stopwatch.GetElapsedTime(began)));
        var count = new CountCall(control);
        var ending = Measure(target, context, () =>
        {
            do
            {
                loop.RunFor(CountEvery);
                count.Start();
                Await(loop, () => count.IsDone, "the number of keys");
                if (count.Problem.Length > 0)
                    throw new BenchException(count.Problem);
            }
            while (count.Keys > 0 && Stopwatch.GetElapsedTime(began) - Target < EndTimeout);
        });
        // TTLs are whole seconds, rounded up: the last of them ends a second after the target.
        var seconds = (Stopwatch.GetElapsedTime(began) - Target).TotalSeconds - 1;
        if (count.Keys > 0)
            context.Errors.Add($"{count.Keys} keys are still there");
        puts.Stop();
        Await(loop, () => puts.IsIdle, puts.Missing);
        return (idle, ending, seconds);
    }

    private void Fill(EventLoop loop, LoadContext context, IRequestSource requests, long number)
    {
        var fill = new UnaryLoad(context, requests, Clients, number);
        fill.Start();
        if (!loop.RunUntil(() => fill.IsIdle, FillTimeout))
            throw new BenchException($"the fill did not end within {FillTimeout.TotalMinutes} minutes");
    }

    private static void Await(EventLoop loop, Func<bool> condition, string what)
    {
        if (!loop.RunUntil(condition, SetUpTimeout))
            throw new BenchException($"never arrived: {what}");
    }

    private static double Memory(Target target) => target.ProcessIds.Sum(static process => (double)ProcessStat.Memory(process).Anonymous);

    private static LoadResult Measure(Target target, LoadContext context, Action phase)
    {
        var measured = MeasuredPhase.Begin(target.ProcessIds);
        context.Recorder.Begin();
        phase();
        context.Recorder.End();
        return measured.End(context.Recorder);
    }
}
