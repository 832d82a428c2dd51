using System.Diagnostics;
using Bench.Http2;

namespace Bench.Workloads.Watching;

/// <summary>Writes its keys in turn, one put in flight. No other writer touches these keys, so put numbers follow revisions.</summary>
internal sealed class WatchWriter(WatchLoad load, Connection connection, IReadOnlyList<WatchedKey> keys, int valueBytes) : GrpcCall
{
    private readonly byte[] _request = new byte[PutRequests.Size(valueBytes)];
    private readonly byte[] _value = PutRequests.NewValue(valueBytes);
    private int _next;
    private bool _isAnswered;

    public bool IsBusy { get; private set; }

    /// <summary>Sends the next put; its latency counts from <paramref name="dueTicks"/>.</summary>
    public void Put(long dueTicks)
    {
        var key = keys[_next];
        _next = (_next + 1) % keys.Count;
        WatchPayload.Write(_value, dueTicks, ++key.LastPut);
        IsBusy = true;
        _isAnswered = false;
        load.OnPutSent(key.Watchers);
        var length = PutRequests.Write(_request, WatchLoad.Family, key.NumberOf(key.LastPut), _value);
        connection.Start(this, GrpcMethod.Put, _request.AsSpan(0, length), isLast: true);
    }

    public void Put() => Put(Stopwatch.GetTimestamp());

    public override void OnMessage(ReadOnlySpan<byte> message) => _isAnswered = Responses.Revision(message) > 1;

    public override void OnCompleted(int grpcStatus, string message)
    {
        IsBusy = false;
        if (grpcStatus != 0 || !_isAnswered)
            load.Fail($"Put: status {grpcStatus}: {message}");
        load.OnPutDone(this);
    }
}
