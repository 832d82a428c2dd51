using System.Diagnostics;
using Bench.Http2;
using EtcdApi.Wire;

namespace Bench.Workloads;

/// <summary>Each client owns a lease and a keep-alive stream, and renews as soon as the last renewal is answered.</summary>
internal sealed class KeepAliveLoad(LoadContext context) : IWorkload
{
    private const long TtlSeconds = 600;

    private readonly List<Stream> _streams = [];
    private bool _isRunning;
    private int _pending;

    public bool IsPrepared => _pending == 0;

    public bool IsIdle => _pending == 0;

    public string Missing => $"{_pending} answers";

    public void Prepare()
    {
        Span<byte> request = stackalloc byte[16];
        var writer = new ProtoWriter(request);
        writer.Int64(1, TtlSeconds);
        for (var n = 0; n < context.Options.Clients; n++)
        {
            var connection = context.ConnectionOf(n);
            var stream = new Stream(this, connection);
            _streams.Add(stream);
            _pending++;
            connection.Start(new Grant(this, stream), GrpcMethod.LeaseGrant, request[..writer.Written], isLast: true);
        }
    }

    public void Start()
    {
        _isRunning = true;
        foreach (var stream in _streams)
            stream.Renew();
    }

    public void Stop() => _isRunning = false;

    private sealed class Grant(KeepAliveLoad load, Stream stream) : GrpcCall
    {
        public override void OnMessage(ReadOnlySpan<byte> message) => stream.LeaseId = Responses.Number(message, 2);

        public override void OnCompleted(int grpcStatus, string message)
        {
            load._pending--;
            if (grpcStatus != 0 || stream.LeaseId == 0)
                load.Fail($"LeaseGrant: status {grpcStatus}: {message}");
        }
    }

    private sealed class Stream(KeepAliveLoad load, Connection connection) : GrpcCall
    {
        private bool _isOpen;
        private long _startTicks;

        public long LeaseId { get; set; }

        public void Renew()
        {
            Span<byte> request = stackalloc byte[16];
            var writer = new ProtoWriter(request);
            writer.Int64(1, LeaseId);
            load._pending++;
            _startTicks = Stopwatch.GetTimestamp();
            if (_isOpen)
                connection.Send(this, request[..writer.Written], isLast: false);
            else
                connection.Start(this, GrpcMethod.LeaseKeepAlive, request[..writer.Written], isLast: false);
            _isOpen = true;
        }

        public override void OnMessage(ReadOnlySpan<byte> message)
        {
            load._pending--;
            if (Responses.Number(message, 2) != LeaseId || Responses.Number(message, 3) <= 0)
                load.Fail("LeaseKeepAlive: the lease is gone, or another one was answered");
            else
                load.Renewed(_startTicks);
            if (load._isRunning)
                Renew();
        }

        public override void OnCompleted(int grpcStatus, string message) =>
            load.Fail($"LeaseKeepAlive: the stream ended, status {grpcStatus}: {message}");
    }

    private void Renewed(long startTicks) => context.Recorder.Record(startTicks);

    private void Fail(string message) => context.Errors.Add(message);
}
