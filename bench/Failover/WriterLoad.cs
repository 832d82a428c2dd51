using System.Diagnostics;
using Bench.Http2;
using Bench.Measure;
using Bench.Workloads;

namespace Bench.Failover;

/// <summary>Closed-loop writers that go on whatever they are told, and the times at which they were acknowledged. Lives on the thread of its loop.</summary>
internal sealed class WriterLoad
{
    // A refused writer asks again after this, as a client library would.
    private static readonly long BackOffTicks = Stopwatch.Frequency / 100;

    private readonly IReadOnlyList<Connection> _connections;
    private readonly IRequestSource _requests;
    private readonly byte[] _request;
    private readonly Queue<(long Due, Writer Writer)> _refused = new();
    private bool _isRunning;
    private int _inFlight;
    private long _lastAcknowledged;
    private long _longestGap;
    private long _slowest;

    public WriterLoad(EventLoop loop, IReadOnlyList<Connection> connections, LoadOptions options)
    {
        _connections = connections;
        _requests = RequestSources.For(options) ?? throw new BenchException($"no requests for {options.Workload}");
        _request = new byte[_requests.MaxRequestBytes];
        loop.NextDue = () => _refused.TryPeek(out var next) ? next.Due : long.MaxValue;
        loop.OnDue = AskAgain;
    }

    /// <summary>Every answer that was not an acknowledgement.</summary>
    public ErrorLog Errors { get; } = new(maxErrors: int.MaxValue);

    /// <summary>Writes acknowledged since <see cref="Reset"/>.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Longest time between two acknowledgements, whoever got them, since <see cref="Reset"/>; the time without one until now counts too.</summary>
    public TimeSpan LongestGap => Elapsed(Math.Max(_longestGap, Stopwatch.GetTimestamp() - _lastAcknowledged));

    /// <summary>Longest time that an acknowledged write took since <see cref="Reset"/>.</summary>
    public TimeSpan SlowestWrite => Elapsed(_slowest);

    public bool IsIdle => _inFlight == 0;

    public void Start(int writers)
    {
        _isRunning = true;
        _lastAcknowledged = Stopwatch.GetTimestamp();
        for (var n = 0; n < writers; n++)
            Next(new Writer(this, _connections[n % _connections.Count]));
    }

    public void Stop() => _isRunning = false;

    /// <summary>Begins a new count. A gap that is open goes on: it began with the last acknowledgement.</summary>
    public void Reset() => (_longestGap, _slowest, Acknowledged) = (0, 0, 0);

    private void Next(Writer writer)
    {
        if (!_isRunning)
            return;
        _inFlight++;
        var length = _requests.WriteNext(_request, out var method);
        writer.Start(method, _request.AsSpan(0, length));
    }

    private void AskAgain()
    {
        while (_refused.TryPeek(out var next) && next.Due <= Stopwatch.GetTimestamp())
            Next(_refused.Dequeue().Writer);
    }

    private void OnAcknowledged(Writer writer, long startTicks)
    {
        _inFlight--;
        var now = Stopwatch.GetTimestamp();
        _longestGap = Math.Max(_longestGap, now - _lastAcknowledged);
        _slowest = Math.Max(_slowest, now - startTicks);
        _lastAcknowledged = now;
        Acknowledged++;
        Next(writer);
    }

    private void OnRefused(Writer writer, string problem)
    {
        _inFlight--;
        Errors.Add(problem);
        _refused.Enqueue((Stopwatch.GetTimestamp() + BackOffTicks, writer));
    }

    private static TimeSpan Elapsed(long ticks) => TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency);

    private sealed class Writer(WriterLoad load, Connection connection) : GrpcCall
    {
        private long _startTicks;
        private bool _isAnswered;

        public void Start(GrpcMethod method, ReadOnlySpan<byte> request)
        {
            _isAnswered = false;
            _startTicks = Stopwatch.GetTimestamp();
            connection.Start(this, method, request, isLast: true);
        }

        public override void OnMessage(ReadOnlySpan<byte> message) => _isAnswered = load._requests.IsExpected(GrpcMethod.Put, message);

        public override void OnCompleted(int grpcStatus, string message)
        {
            if (grpcStatus == 0 && _isAnswered)
                load.OnAcknowledged(this, _startTicks);
            else
                load.OnRefused(this, grpcStatus == 0 ? "OK, but without the expected answer" : $"status {grpcStatus}: {message}");
        }
    }
}
