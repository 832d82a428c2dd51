using Bench.Http2;
using Bench.Measure;
using Bench.Servers;
using Bench.Workloads;

namespace Bench.Compaction;

/// <summary>Fills a server with history, and measures puts before and while it is compacted away.</summary>
/// <param name="Revisions">History to write first.</param>
/// <param name="Keys">Keys that it is spread over.</param>
/// <param name="Clients">Closed-loop clients of the measured puts.</param>
/// <param name="Idle">Length of the measurement without a compaction.</param>
internal sealed record CompactionRound(int Revisions, int Keys, int Clients, TimeSpan Idle)
{
    private const int FillClients = 100;
    private static readonly TimeSpan SetUpTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan CompactionTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    // The loop lets the server's own work after the fill (a commit, a snapshot of the log) come to rest.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    public CompactionResult Run(Target target)
    {
        using var loop = new EventLoop();
        var options = new LoadOptions { Workload = WorkloadKind.Put, Clients = Clients, KeySpace = Keys };
        Connection[] connections = [.. Enumerable.Range(0, options.EffectiveConnections).Select(n => loop.Connect(target.EndpointOf(n)))];
        var control = loop.Connect(target.EndpointOf(0));
        if (!loop.RunUntil(() => control.IsReady && connections.All(c => c.IsReady), SetUpTimeout))
            throw new BenchException($"{target} does not speak HTTP/2");
        var context = new LoadContext(options, connections, [], new LatencyRecorder(), new ErrorLog());
        var requests = new RevisionNote(RequestSources.For(options)!);
        Fill(loop, context, requests);

        var puts = new UnaryLoad(context, requests, Clients);
        puts.Start();
        loop.RunFor(Settling);
        var idle = Measure(target, context, () => loop.RunFor(Idle));
        var slowestIdle = context.Recorder.PercentileMs(100);

        var compaction = new CompactionCall(control);
        var during = Measure(target, context, () =>
        {
            compaction.Start(requests.Newest);
            if (!loop.RunUntil(() => compaction.IsDone, CompactionTimeout))
                throw new BenchException($"the compaction did not end within {CompactionTimeout.TotalMinutes} minutes");
        });
        var slowestDuring = context.Recorder.PercentileMs(100);
        if (compaction.Problem.Length > 0)
            context.Errors.Add(compaction.Problem);
        puts.Stop();
        if (!loop.RunUntil(() => puts.IsIdle, DrainTimeout))
            context.Errors.Add($"never arrived: {puts.Missing}");
        return new CompactionResult(idle, during, slowestIdle, slowestDuring, context.Errors.Count, context.Errors.ToString());
    }

    private void Fill(EventLoop loop, LoadContext context, IRequestSource requests)
    {
        var fill = new UnaryLoad(context, requests, FillClients, Revisions);
        fill.Start();
        if (!loop.RunUntil(() => fill.IsIdle, FillTimeout))
            throw new BenchException($"the fill did not end within {FillTimeout.TotalMinutes} minutes");
    }

    private static LoadResult Measure(Target target, LoadContext context, Action phase)
    {
        var measured = MeasuredPhase.Begin(target.ProcessIds);
        context.Recorder.Begin();
        phase();
        context.Recorder.End();
        return measured.End(context.Recorder);
    }

    /// <summary>The same requests, with a note of the newest revision that an answer told.</summary>
    private sealed class RevisionNote(IRequestSource requests) : IRequestSource
    {
        public long Newest { get; private set; }

        public int MaxRequestBytes => requests.MaxRequestBytes;

        public int WriteNext(Span<byte> target, out GrpcMethod method) => requests.WriteNext(target, out method);

        public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response)
        {
            Newest = Math.Max(Newest, Responses.Revision(response));
            return requests.IsExpected(method, response);
        }
    }
}
