using Bench.Http2;
using Bench.Measure;
using EtcdApi.Wire;

namespace Bench.Workloads.Watching;

/// <summary>One watch that starts at the beginning of a long history, and reads it to its end.</summary>
internal static class CatchUp
{
    private const int FillClients = 100;
    private const int KeySpace = 100_000;
    private const byte Family = (byte)'c';
    private static readonly TimeSpan SetUpTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Writes the history.</summary>
    public static void Fill(Target target, int revisions, int valueBytes) =>
        LoadRunner.Fill(target, new PutRequests(Family, KeySpace, valueBytes, isSequential: true), FillClients, revisions);

    /// <summary>Reads so many events, which must be there, or as many as come within a time; etcd takes the longer for each the more there are.</summary>
    public static LoadResult Run(Target target, int revisions, TimeSpan limit)
    {
        using var loop = new EventLoop();
        var connection = loop.Connect(target.EndpointOf(0));
        if (!loop.RunUntil(() => connection.IsReady, SetUpTimeout))
            throw new BenchException($"{target} does not speak HTTP/2");
        var recorder = new LatencyRecorder();
        var errors = new ErrorLog();
        var watch = new Watch(connection, recorder, errors);
        var phase = MeasuredPhase.Begin(target.ProcessIds);
        recorder.Begin();
        watch.Open();
        loop.RunUntil(() => watch.Events == revisions || errors.Count > 0, limit);
        if (watch.Events == 0)
            errors.Add("no event came");
        recorder.End();
        return phase.End(recorder) with { Errors = errors.Count, ErrorText = errors.ToString() };
    }

    private sealed class Watch(Connection connection, LatencyRecorder recorder, ErrorLog errors) : GrpcCall
    {
        private readonly long _began = System.Diagnostics.Stopwatch.GetTimestamp();
        private long _lastRevision;

        public int Events { get; private set; }

        // WatchRequest { create_request = 1 { key = 1, range_end = 2, start_revision = 3 } }
        public void Open()
        {
            Span<byte> request = stackalloc byte[32];
            var writer = new ProtoWriter(request);
            writer.MessageHeader(1, ProtoWriter.BytesSize(1, 1) + ProtoWriter.BytesSize(2, 1) + ProtoWriter.Int64Size(3, 1));
            writer.Bytes(1, [Family]);
            writer.Bytes(2, [Family + 1]);
            writer.Int64(3, 1);
            connection.Start(this, GrpcMethod.Watch, request[..writer.Written], isLast: false);
        }

        public override void OnMessage(ReadOnlySpan<byte> message)
        {
            var reader = new ProtoReader(message);
            while (reader.Next())
            {
                if (reader.Field == 4)
                    errors.Add("the watch was cancelled");
                if (reader.Field == 11)
                    OnEvent(reader.Bytes);
            }
        }

        public override void OnCompleted(int grpcStatus, string message) => errors.Add($"the watch ended, status {grpcStatus}: {message}");

        // Event { kv = 2 { mod_revision = 3 } }; each put is a revision of its own.
        private void OnEvent(ReadOnlySpan<byte> one)
        {
            var revision = Responses.Number(Responses.Bytes(one, 2), 3);
            if (revision <= _lastRevision || (Events > 0 && revision != _lastRevision + 1))
                errors.Add($"revision {revision} came after {_lastRevision}");
            _lastRevision = revision;
            Events++;
            recorder.Record(_began);
        }
    }
}
