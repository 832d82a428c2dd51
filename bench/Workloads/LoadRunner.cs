using Bench.Http2;
using Bench.Measure;
using Bench.Workloads.Watching;

namespace Bench.Workloads;

/// <summary>Runs one load: connect, prefill, prepare, warm up, measure, drain.</summary>
internal static class LoadRunner
{
    private const int PrefillClients = 100;
    private static readonly TimeSpan SetUpTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    public static LoadResult Run(Target target, LoadOptions options)
    {
        using var loop = new EventLoop();
        var context = Connect(loop, target, options);
        if (RequestSources.NeedsPrefill(options.Workload))
            Prefill(loop, context);

        var workload = Create(context);
        workload.Prepare();
        if (!loop.RunUntil(() => workload.IsPrepared, SetUpTimeout))
            throw new BenchException($"the load could not be set up, missing: {workload.Missing}");
        loop.NextDue = () => workload.NextDue;
        loop.OnDue = workload.OnDue;
        workload.Start();
        loop.RunFor(TimeSpan.FromSeconds(options.WarmupSeconds));
        var result = Measure(loop, target, context);

        workload.Stop();
        if (!loop.RunUntil(() => workload.IsIdle, DrainTimeout))
            context.Errors.Add($"never arrived: {workload.Missing}");
        return result with { Errors = context.Errors.Count, ErrorText = context.Errors.ToString() };
    }

    /// <summary>Whether the server answers one put; if not, why. Throws when it cannot even be reached.</summary>
    public static bool TryOnePut(Target target, out string problem)
    {
        using var loop = new EventLoop();
        var context = Connect(loop, target, new LoadOptions { Workload = WorkloadKind.Put, Clients = 1 });
        var put = new UnaryLoad(context, RequestSources.Probe(), clients: 1, maxRequests: 1);
        put.Start();
        var isAnswered = loop.RunUntil(() => put.IsIdle, ProbeTimeout);
        problem = isAnswered ? context.Errors.ToString() : "no answer";
        return isAnswered && context.Errors.Count == 0;
    }

    /// <summary>Sends a fixed number of requests, each of which must get its expected answer.</summary>
    public static void Fill(Target target, IRequestSource requests, int clients, int count)
    {
        using var loop = new EventLoop();
        var context = Connect(loop, target, new LoadOptions { Workload = WorkloadKind.Put, Clients = clients });
        var fill = new UnaryLoad(context, requests, clients, count);
        fill.Start();
        if (!loop.RunUntil(() => fill.IsIdle, FillTimeout))
            throw new BenchException($"the server was not filled within {FillTimeout.TotalMinutes} minutes, missing: {fill.Missing}");
        if (context.Errors.Count > 0)
            throw new BenchException($"filling the server failed: {context.Errors}");
    }

    private static LoadResult Measure(EventLoop loop, Target target, LoadContext context)
    {
        var recorder = context.Recorder;
        var phase = MeasuredPhase.Begin(target.ProcessIds);
        recorder.Begin();
        loop.RunFor(TimeSpan.FromSeconds(context.Options.Seconds));
        recorder.End();
        return phase.End(recorder);
    }

    private static LoadContext Connect(EventLoop loop, Target target, LoadOptions options)
    {
        var isWatch = options.Workload is WorkloadKind.WatchFanout or WorkloadKind.WatchKeys or WorkloadKind.WatchPrefix;
        Connection[] connections = [.. Enumerable.Range(0, options.EffectiveConnections).Select(n => loop.Connect(target.EndpointOf(n)))];
        Connection[] streams = [.. Enumerable.Range(0, isWatch ? options.Streams : 0).Select(n => loop.Connect(target.EndpointOf(n)))];
        Connection[] slow = [.. Enumerable.Range(0, isWatch ? options.SlowWatchers : 0).Select(n => loop.Connect(target.EndpointOf(n)))];
        Connection[] all = [.. connections, .. streams, .. slow];
        if (!loop.RunUntil(() => all.All(c => c.IsReady), SetUpTimeout))
            throw new BenchException($"{target} accepts connections but does not speak HTTP/2 on them");
        return new LoadContext(options, connections, streams, new LatencyRecorder(), new ErrorLog()) { SlowConnections = slow };
    }

    private static void Prefill(EventLoop loop, LoadContext context)
    {
        var prefill = new UnaryLoad(context, RequestSources.Prefill(context.Options), PrefillClients, context.Options.PrefillKeys);
        prefill.Start();
        if (!loop.RunUntil(() => prefill.IsIdle, SetUpTimeout))
            throw new BenchException($"the prefill did not end, missing: {prefill.Missing}");
        if (context.Errors.Count > 0)
            throw new BenchException($"the prefill failed: {context.Errors}");
    }

    private static IWorkload Create(LoadContext context) => context.Options.Workload switch
    {
        WorkloadKind.WatchFanout or WorkloadKind.WatchKeys or WorkloadKind.WatchPrefix => new WatchLoad(context),
        WorkloadKind.KeepAlive => new KeepAliveLoad(context),
        _ => new UnaryLoad(
            context,
            RequestSources.For(context.Options) ?? throw new BenchException($"no requests for {context.Options.Workload}"),
            context.Options.Clients),
    };
}
