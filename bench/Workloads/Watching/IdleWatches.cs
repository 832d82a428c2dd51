using Bench.Http2;
using Bench.Measure;
using EtcdApi.Wire;

namespace Bench.Workloads.Watching;

/// <summary>Opens watches that nothing happens on: a number of them on each of some streams, each of a key of its own.</summary>
internal static class IdleWatches
{
    private static readonly TimeSpan SetUpTimeout = TimeSpan.FromMinutes(5);

    // The server lets go of what the opening took.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    // Creates on their way on a stream: neither side queues more.
    private const int Ahead = 500;

    /// <summary>Memory of the server before and behind, and how long the opening took.</summary>
    public static IdleWatchesResult Measure(Target target, int watches, int streams)
    {
        using var loop = new EventLoop();
        var errors = new ErrorLog();
        Stream[] all = [.. Enumerable.Range(0, streams).Select(n => new Stream(loop.Connect(target.EndpointOf(n)), errors, n * (watches / streams), watches / streams))];
        if (!loop.RunUntil(() => all.All(static stream => stream.IsReady), SetUpTimeout))
            throw new BenchException($"{target} does not speak HTTP/2");
        loop.RunFor(Settling);
        var before = ProcessStat.Memory(target.ProcessIds[0]);
        var phase = MeasuredPhase.Begin(target.ProcessIds);
        foreach (var stream in all)
            stream.Open();
        if (!loop.RunUntil(() => all.All(static stream => stream.IsOpen) || errors.Count > 0, SetUpTimeout))
            errors.Add($"only {all.Sum(static stream => stream.Created)} watches were opened");
        var opening = phase.End(new LatencyRecorder());
        loop.RunFor(Settling);
        return new IdleWatchesResult(before, ProcessStat.Memory(target.ProcessIds[0]), opening.Seconds, opening.LargestServerPeakBytes, errors.Count, errors.ToString());
    }

    private sealed class Stream(Connection connection, ErrorLog errors, int firstKey, int watches) : GrpcCall
    {
        private int _asked;

        public bool IsReady => connection.IsReady;

        public int Created { get; private set; }

        public bool IsOpen => Created == watches;

        public void Open()
        {
            while (_asked < Math.Min(watches, Ahead))
                Ask();
        }

        public override void OnMessage(ReadOnlySpan<byte> message)
        {
            if (Responses.Number(message, 3) != 1 || Responses.Number(message, 4) != 0)
            {
                errors.Add("an answer that is no created watch");
                return;
            }
            Created++;
            if (_asked < watches)
                Ask();
        }

        public override void OnCompleted(int grpcStatus, string message) => errors.Add($"a watch stream ended, status {grpcStatus}: {message}");

        // WatchRequest { create_request = 1 { key = 1 } }, a key of 20 bytes.
        private void Ask()
        {
            Span<byte> key = stackalloc byte[20];
            key.Fill((byte)'i');
            Keys.Write((byte)'i', firstKey + _asked, key[^Keys.Bytes..]);
            Span<byte> request = stackalloc byte[32];
            var writer = new ProtoWriter(request);
            writer.MessageHeader(1, ProtoWriter.BytesSize(1, key.Length));
            writer.Bytes(1, key);
            if (_asked++ == 0)
                connection.Start(this, GrpcMethod.Watch, request[..writer.Written], isLast: false);
            else
                connection.Send(this, request[..writer.Written], isLast: false);
        }
    }
}

/// <summary>Memory of a server without watches and with them, what it needed at most on the way, and the time.</summary>
internal sealed record IdleWatchesResult(ProcessMemory Before, ProcessMemory After, double Seconds, long PeakBytes, int Errors, string ErrorText);
