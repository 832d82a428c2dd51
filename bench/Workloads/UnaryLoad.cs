using System.Diagnostics;
using Bench.Http2;

namespace Bench.Workloads;

/// <summary>N clients, each with one request in flight; endless, or a fixed number of requests in all (a prefill).</summary>
internal sealed class UnaryLoad(LoadContext context, IRequestSource requests, int clients, long maxRequests = long.MaxValue) : IWorkload
{
    private readonly byte[] _request = new byte[requests.MaxRequestBytes];
    private long _left = maxRequests;
    private int _inFlight;

    public bool IsPrepared => true;

    public bool IsIdle => _inFlight == 0;

    public string Missing => $"{_inFlight} answers";

    public void Prepare()
    {
    }

    public void Start()
    {
        for (var n = 0; n < clients; n++)
            StartNext(new Client(this, context.ConnectionOf(n)));
    }

    public void Stop() => _left = 0;

    private void StartNext(Client client)
    {
        if (_left == 0)
            return;
        _left--;
        _inFlight++;
        var length = requests.WriteNext(_request, out var method);
        client.Start(method, _request.AsSpan(0, length));
    }

    private sealed class Client(UnaryLoad load, Connection connection) : GrpcCall
    {
        private GrpcMethod _method = GrpcMethod.Put;
        private long _startTicks;
        private bool _isAnswered;

        public void Start(GrpcMethod method, ReadOnlySpan<byte> request)
        {
            _method = method;
            _isAnswered = false;
            _startTicks = Stopwatch.GetTimestamp();
            connection.Start(this, method, request, isLast: true);
        }

        public override void OnMessage(ReadOnlySpan<byte> message) => _isAnswered = load.IsExpected(_method, message);

        public override void OnCompleted(int grpcStatus, string message)
        {
            load.OnCompleted(grpcStatus, message, _method, _isAnswered, _startTicks);
            load.StartNext(this);
        }
    }

    private bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> message) => requests.IsExpected(method, message);

    private void OnCompleted(int grpcStatus, string message, GrpcMethod method, bool isAnswered, long startTicks)
    {
        _inFlight--;
        if (grpcStatus != 0)
            context.Errors.Add($"{method.Path}: status {grpcStatus}: {message}");
        else if (!isAnswered)
            context.Errors.Add($"{method.Path}: OK, but without the expected answer");
        else
            context.Recorder.Record(startTicks);
    }
}
