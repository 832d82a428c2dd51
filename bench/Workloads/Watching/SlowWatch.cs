using Bench.Http2;

namespace Bench.Workloads.Watching;

/// <summary>A watcher that stands, and then reads nothing: its connection is left alone.</summary>
internal sealed class SlowWatch(WatchLoad load, Connection connection, WatchedKey key) : GrpcCall
{
    public void Open()
    {
        Span<byte> request = stackalloc byte[64];
        connection.Start(this, GrpcMethod.Watch, request[..WatchStream.WriteCreate(request, key)], isLast: false);
    }

    public override void OnMessage(ReadOnlySpan<byte> message)
    {
        connection.PauseReading();
        load.OnWatcherCreated();
    }

    public override void OnCompleted(int grpcStatus, string message) => load.Fail($"a slow watch ended, status {grpcStatus}: {message}");
}
