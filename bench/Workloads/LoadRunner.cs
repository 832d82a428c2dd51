using System.Diagnostics;
using Bench.Http2;
using Bench.Measure;
using Bench.Workloads.Watching;

namespace Bench.Workloads;

/// <summary>Runs one load: connect, prefill, prepare, warm up, measure, drain.</summary>
internal static class LoadRunner
{
    private const int PrefillClients = 100;
    private static readonly TimeSpan SetUpTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    public static LoadResult Run(LoadOptions options)
    {
        using var loop = new EventLoop();
        var context = Connect(loop, options);
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
        var result = Measure(loop, context);

        workload.Stop();
        if (!loop.RunUntil(() => workload.IsIdle, DrainTimeout))
            context.Errors.Add($"never arrived: {workload.Missing}");
        return result with { Errors = context.Errors.Count, ErrorText = context.Errors.ToString() };
    }

    private static LoadResult Measure(EventLoop loop, LoadContext context)
    {
        var (options, recorder) = (context.Options, context.Recorder);
        var server = options.ServerProcessId;
        if (server is { } pid)
            ProcessStat.ResetPeak(pid);
        var serverCpu = server is { } p0 ? ProcessStat.CpuMicroseconds(p0) : 0;
        var clientCpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        recorder.Begin();
        loop.RunFor(TimeSpan.FromSeconds(options.Seconds));
        recorder.End();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        serverCpu = server is { } p1 ? ProcessStat.CpuMicroseconds(p1) - serverCpu : 0;
        clientCpu = Environment.CpuUsage.TotalTime - clientCpu;
        var operations = Math.Max(recorder.Operations, 1);
        return new LoadResult(
            recorder.Operations,
            seconds,
            recorder.PercentileMs(50),
            recorder.PercentileMs(99),
            recorder.PercentileMs(99.9),
            server is null ? null : serverCpu / operations,
            clientCpu.TotalMicroseconds / operations,
            server is { } p2 ? ProcessStat.PeakResidentBytes(p2) : null,
            Errors: 0,
            ErrorText: "");
    }

    private static LoadContext Connect(EventLoop loop, LoadOptions options)
    {
        var isWatch = options.Workload is WorkloadKind.WatchFanout or WorkloadKind.WatchKeys;
        Connection[] connections = [.. Enumerable.Range(0, options.EffectiveConnections).Select(_ => loop.Connect(options.Endpoint))];
        Connection[] streams = [.. Enumerable.Range(0, isWatch ? options.Streams : 0).Select(_ => loop.Connect(options.Endpoint))];
        Connection[] all = [.. connections, .. streams];
        if (!loop.RunUntil(() => all.All(c => c.IsReady), SetUpTimeout))
            throw new BenchException($"{options.Endpoint} accepts connections but does not speak HTTP/2 on them");
        return new LoadContext(options, connections, streams, new LatencyRecorder(), new ErrorLog());
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
        WorkloadKind.WatchFanout or WorkloadKind.WatchKeys => new WatchLoad(context),
        WorkloadKind.KeepAlive => new KeepAliveLoad(context),
        _ => new UnaryLoad(
            context,
            RequestSources.For(context.Options) ?? throw new BenchException($"no requests for {context.Options.Workload}"),
            context.Options.Clients),
    };
}
