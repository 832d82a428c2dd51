using Bench.Http2;
using EtcdApi.Wire;

namespace Bench.Workloads.Watching;

/// <summary>
/// One watch stream with many watchers. Checks on every event that its watcher got the put right after the last one:
/// a gap, a repeat or a foreign key is an error.
/// </summary>
internal sealed class WatchStream(WatchLoad load, Connection connection, IReadOnlyList<WatchedKey> keys) : GrpcCall
{
    private readonly Dictionary<long, Watcher> _watchers = [];
    private int _created;

    /// <summary>Opens the stream and asks for all watchers at once; the server names them in this order.</summary>
    public void Open()
    {
        Span<byte> request = stackalloc byte[64];
        for (var n = 0; n < keys.Count; n++)
        {
            var create = request[..WriteCreate(request, keys[n])];
            if (n == 0)
                connection.Start(this, GrpcMethod.Watch, create, isLast: false);
            else
                connection.Send(this, create, isLast: false);
        }
    }

    public override void OnMessage(ReadOnlySpan<byte> message)
    {
        long watchId = 0;
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2:
                    watchId = (long)reader.Varint;
                    break;
                case 3:
                    OnCreated(watchId);
                    return;
                case 4:
                    load.Fail($"a watch was cancelled: {System.Text.Encoding.UTF8.GetString(Responses.Bytes(message, 6))}");
                    return;
                case 11:
                    OnEvent(watchId, reader.Bytes);
                    break;
                default:
                    break;
            }
        }
    }

    public override void OnCompleted(int grpcStatus, string message) =>
        load.Fail($"a watch stream ended, status {grpcStatus}: {message}");

    private void OnCreated(long watchId)
    {
        if (_created == keys.Count || !_watchers.TryAdd(watchId, new Watcher(keys[_created])))
        {
            load.Fail($"watch id {watchId} was given twice, or without having been asked for");
            return;
        }
        _created++;
        load.OnWatcherCreated();
    }

    // Event { type = 1, kv = 2 { key = 1, value = 5 } }
    private void OnEvent(long watchId, ReadOnlySpan<byte> watchEvent)
    {
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> value = default;
        var kv = new ProtoReader(Responses.Bytes(watchEvent, 2));
        while (kv.Next())
        {
            if (kv.Field == 1)
                key = kv.Bytes;
            else if (kv.Field == 5)
                value = kv.Bytes;
        }
        if (!_watchers.TryGetValue(watchId, out var watcher) || value.Length < WatchPayload.Bytes)
        {
            load.Fail($"an event on watch {watchId} that is none of ours");
            return;
        }
        var (sentTicks, putNumber) = WatchPayload.Read(value);
        if (!watcher.IsFor(key, putNumber))
            load.Fail($"put {putNumber} arrived on watch {watchId} under another key");
        if (putNumber != watcher.LastSeen + 1)
            load.Fail($"put {putNumber} arrived after put {watcher.LastSeen}");
        watcher.LastSeen = putNumber;
        load.OnDelivered(sentTicks);
    }

    // WatchRequest { create_request = 1 { key = 1, range_end = 2 } }
    internal static int WriteCreate(Span<byte> target, WatchedKey key)
    {
        Span<byte> name = stackalloc byte[Keys.Bytes];
        Keys.Write(WatchLoad.Family, key.Number, name);
        Span<byte> rangeEnd = [];
        if (key.IsPrefix)
        {
            name = name[..1];
            rangeEnd = new byte[] { WatchLoad.Family + 1 };
        }
        scoped var writer = new ProtoWriter(target);
        writer.MessageHeader(1, ProtoWriter.BytesSize(1, name.Length) + (key.IsPrefix ? ProtoWriter.BytesSize(2, rangeEnd.Length) : 0));
        writer.Bytes(1, name);
        if (key.IsPrefix)
            writer.Bytes(2, rangeEnd);
        return writer.Written;
    }

    private sealed class Watcher(WatchedKey key)
    {
        private readonly byte[] _key = new byte[Keys.Bytes];

        public long LastSeen { get; set; } = key.LastPut;

        public bool IsFor(ReadOnlySpan<byte> written, long put)
        {
            Keys.Write(WatchLoad.Family, key.NumberOf(put), _key);
            return written.SequenceEqual(_key);
        }
    }
}
