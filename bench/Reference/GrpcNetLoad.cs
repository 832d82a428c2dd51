using System.Diagnostics;
using Bench.Http2;
using Bench.Measure;
using Bench.Workloads;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bench.Reference;

/// <summary>
/// The unary loads by Grpc.Net.Client: shows what the hand-written client saves, and checks its figures against an independent one.
/// </summary>
internal static class GrpcNetLoad
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static b => b, static b => b);

    private static readonly Method<byte[], byte[]>[] Methods =
        [.. GrpcMethod.All.Select(m => new Method<byte[], byte[]>(MethodType.Unary, m.Path.Split('/')[1], m.Path.Split('/')[2], Bytes, Bytes))];

    public static async Task<LoadResult> RunAsync(Target target, LoadOptions options)
    {
        var requests = RequestSources.For(options) ?? throw new BenchException("--client grpc-net knows only the unary loads");
        GrpcChannel[] channels = [.. Enumerable.Range(0, options.EffectiveConnections).Select(n => GrpcChannel.ForAddress(target.EndpointOf(n)))];
        var run = new Run(requests);
        if (RequestSources.NeedsPrefill(options.Workload))
            await PrefillAsync(options, channels[0].CreateCallInvoker());

        Task[] clients = [.. Enumerable.Range(0, options.Clients).Select(n => run.ClientAsync(channels[n % channels.Length].CreateCallInvoker()))];
        await Task.Delay(TimeSpan.FromSeconds(options.WarmupSeconds));
        var result = await MeasureAsync(target, options.Seconds, run);
        run.Stop();
        await Task.WhenAll(clients);
        foreach (var channel in channels)
            channel.Dispose();
        return result with { Errors = run.Errors.Count, ErrorText = run.Errors.ToString() };
    }

    private static async Task<LoadResult> MeasureAsync(Target target, double seconds, Run run)
    {
        var phase = MeasuredPhase.Begin(target.ProcessIds);
        run.Begin();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return phase.End(run.End());
    }

    private static async Task PrefillAsync(LoadOptions options, CallInvoker invoker)
    {
        var puts = RequestSources.Prefill(options);
        var buffer = new byte[puts.MaxRequestBytes];
        for (var done = 0; done < options.PrefillKeys; done += 100)
        {
            await Task.WhenAll(Enumerable.Range(0, Math.Min(100, options.PrefillKeys - done)).Select(_ =>
            {
                var length = puts.WriteNext(buffer, out var method);
                return invoker.AsyncUnaryCall(Methods[method.Ordinal], null, default, buffer[..length]).ResponseAsync;
            }));
        }
    }

    /// <summary>The clients run on the thread pool, so what they share is behind one lock.</summary>
    private sealed class Run(IRequestSource requests)
    {
        private readonly Lock _gate = new();
        private readonly LatencyRecorder _recorder = new();
        private readonly byte[] _buffer = new byte[requests.MaxRequestBytes];
        private volatile bool _isStopped;

        public ErrorLog Errors { get; } = new();

        public void Stop() => _isStopped = true;

        public void Begin()
        {
            lock (_gate)
                _recorder.Begin();
        }

        public LatencyRecorder End()
        {
            lock (_gate)
                _recorder.End();
            return _recorder;
        }

        public async Task ClientAsync(CallInvoker invoker)
        {
            await Task.Yield();
            while (!_isStopped)
            {
                var request = Next(out var method);
                var start = Stopwatch.GetTimestamp();
                try
                {
                    var response = await invoker.AsyncUnaryCall(Methods[method.Ordinal], null, default, request);
                    Done(method, response, start);
                }
                catch (RpcException e)
                {
                    lock (_gate)
                        Errors.Add($"{method.Path}: status {(int)e.StatusCode}: {e.Status.Detail}");
                }
            }
        }

        private byte[] Next(out GrpcMethod method)
        {
            lock (_gate)
                return _buffer[..requests.WriteNext(_buffer, out method)];
        }

        private void Done(GrpcMethod method, byte[] response, long start)
        {
            lock (_gate)
            {
                if (requests.IsExpected(method, response))
                    _recorder.Record(start);
                else
                    Errors.Add($"{method.Path}: OK, but without the expected answer");
            }
        }
    }
}
