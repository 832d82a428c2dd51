using Conformance.Harness;
using Conformance.V3;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Conformance.Cluster;

/// <summary>A watch stream on one member; its name and what it hears go into the transcript.</summary>
internal sealed class MemberWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);
    private readonly string _name;
    private readonly Transcript _transcript;
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<byte[], byte[]> _call;

    public MemberWatch(string name, string address, bool hasLeader, Transcript transcript)
    {
        (_name, _transcript) = (name, transcript);
        _channel = GrpcChannel.ForAddress(address);
        Metadata metadata = hasLeader ? new() { { "hasleader", "true" } } : [];
        _call = _channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            Rpc.Method(MethodType.DuplexStreaming, "etcdserverpb.Watch", "Watch"), null, new CallOptions(metadata));
    }

    public async Task Create(string key)
    {
        await _call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(key) } }.ToByteArray());
        await Read();
    }

    /// <summary>The next message, or how the stream ends.</summary>
    public async Task Read()
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        try
        {
            var heard = await _call.ResponseStream.MoveNext(deadline.Token) ? WatchResponse.Parser.ParseFrom(_call.ResponseStream.Current) : null;
            _transcript.Add(heard is null
                ? $"{_name}: end of stream"
                : $"{_name}: id {heard.WatchId}{(heard.Created ? " created" : "")}{(heard.Canceled ? " canceled" : "")} "
                    + string.Join(", ", heard.Events.Select(static one => $"{one.Type} {one.Kv.Key.ToStringUtf8()}={one.Kv.Value.ToStringUtf8()}")));
        }
        catch (RpcException exception)
        {
            _transcript.Add(deadline.IsCancellationRequested
                ? $"{_name}: nothing came within {s_deadline.TotalSeconds} s"
                : $"{_name}: error {(int)exception.StatusCode} {exception.StatusCode}: {exception.Status.Detail}");
        }
    }

    public ValueTask DisposeAsync()
    {
        _call.Dispose();
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
