using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EndToEnd.Tests.Clients;

/// <summary>The few v3 calls that tests make without etcdctl.</summary>
public sealed class V3Client(Uri server) : IDisposable
{
    private static readonly Method<PutRequest, PutResponse> PutMethod = Unary("Put", PutRequest.Parser, PutResponse.Parser);
    private static readonly Method<RangeRequest, RangeResponse> RangeMethod = Unary("Range", RangeRequest.Parser, RangeResponse.Parser);

    private static readonly Method<DeleteRangeRequest, DeleteRangeResponse> DeleteMethod =
        Unary("DeleteRange", DeleteRangeRequest.Parser, DeleteRangeResponse.Parser);

    private static readonly Method<CompactionRequest, CompactionResponse> CompactMethod =
        Unary("Compact", CompactionRequest.Parser, CompactionResponse.Parser);

    private static readonly Method<DefragmentRequest, DefragmentResponse> DefragmentMethod = Method(
        MethodType.Unary, "etcdserverpb.Maintenance", "Defragment", DefragmentRequest.Parser, DefragmentResponse.Parser);

    private static readonly Method<StatusRequest, StatusResponse> StatusMethod = Method(
        MethodType.Unary, "etcdserverpb.Maintenance", "Status", StatusRequest.Parser, StatusResponse.Parser);

    private static readonly Method<WatchRequest, WatchResponse> WatchMethod = Method(
        MethodType.DuplexStreaming, "etcdserverpb.Watch", "Watch", WatchRequest.Parser, WatchResponse.Parser);

    // Longer than the server's own limit, so that it is the server's error that a test sees.
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(30);

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(server);

    public async Task<PutResponse> PutAsync(string key, string value, CancellationToken cancellation = default) =>
        await _channel.CreateCallInvoker().AsyncUnaryCall(
            PutMethod, null, Options(cancellation),
            new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) });

    /// <summary>A put that is part of the caller's trace.</summary>
    /// <param name="key">What is written.</param>
    /// <param name="value">What with.</param>
    /// <param name="traceparent">W3C Trace Context, as the header of that name has it.</param>
    public async Task<PutResponse> PutTracedAsync(string key, string value, string traceparent) =>
        await _channel.CreateCallInvoker().AsyncUnaryCall(
            PutMethod, null, Options().WithHeaders(new Metadata { { "traceparent", traceparent } }),
            new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) });

    public async Task<RangeResponse> RangeAsync(string key, string? rangeEnd = null, long revision = 0) =>
        await _channel.CreateCallInvoker().AsyncUnaryCall(
            RangeMethod, null, Options(), new RangeRequest { Key = ByteString.CopyFromUtf8(key), RangeEnd = ByteString.CopyFromUtf8(rangeEnd ?? ""), Revision = revision });

    public async Task<DeleteRangeResponse> DeleteAsync(string key, string rangeEnd = "") =>
        await _channel.CreateCallInvoker().AsyncUnaryCall(
            DeleteMethod, null, Options(),
            new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key), RangeEnd = ByteString.CopyFromUtf8(rangeEnd) });

    /// <summary>Compacts, and waits until what it made unreadable is gone from the database.</summary>
    public async Task CompactAsync(long revision) => await _channel.CreateCallInvoker().AsyncUnaryCall(
        CompactMethod, null, new CallOptions(), new CompactionRequest { Revision = revision, Physical = true });

    public async Task DefragmentAsync() => await _channel.CreateCallInvoker().AsyncUnaryCall(DefragmentMethod, null, Options(), new DefragmentRequest());

    public async Task<StatusResponse> StatusAsync() => await _channel.CreateCallInvoker().AsyncUnaryCall(StatusMethod, null, Options(), new StatusRequest());

    /// <summary>Watches a key: the outer task completes once the server has the watch, the inner one with the first response that has events.</summary>
    public async Task<Task<WatchResponse>> StartWatchAsync(string key)
    {
        var call = _channel.CreateCallInvoker().AsyncDuplexStreamingCall(WatchMethod, null, Options());
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(key) } });
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.True(call.ResponseStream.Current.Created);
        return FirstEventsAsync(call);
    }

    public void Dispose() => _channel.Dispose();

    private static async Task<WatchResponse> FirstEventsAsync(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call)
    {
        using (call)
        {
            do
                Assert.True(await call.ResponseStream.MoveNext(default), "the watch ended");
            while (call.ResponseStream.Current.Events.Count == 0);
            return call.ResponseStream.Current;
        }
    }

    private static CallOptions Options(CancellationToken cancellation = default) =>
        new(deadline: DateTime.UtcNow + CallDeadline, cancellationToken: cancellation);

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(
        string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => Method(MethodType.Unary, "etcdserverpb.KV", name, requests, responses);

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(
        MethodType type, string service, string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        new(type, service, name,
            Marshallers.Create(message => message.ToByteArray(), requests.ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), responses.ParseFrom));
}
