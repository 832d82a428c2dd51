using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>The v3 calls that the tests make.</summary>
internal static class EtcdCalls
{
    private static readonly Method<RangeRequest, RangeResponse> s_range = Unary("KV", "Range", RangeRequest.Parser, RangeResponse.Parser);
    private static readonly Method<PutRequest, PutResponse> s_put = Unary("KV", "Put", PutRequest.Parser, PutResponse.Parser);
    private static readonly Method<DeleteRangeRequest, DeleteRangeResponse> s_delete = Unary("KV", "DeleteRange", DeleteRangeRequest.Parser, DeleteRangeResponse.Parser);
    private static readonly Method<TxnRequest, TxnResponse> s_txn = Unary("KV", "Txn", TxnRequest.Parser, TxnResponse.Parser);
    private static readonly Method<StatusRequest, StatusResponse> s_status = Unary("Maintenance", "Status", StatusRequest.Parser, StatusResponse.Parser);
    private static readonly Method<LeaseGrantRequest, LeaseGrantResponse> s_grant = Unary("Lease", "LeaseGrant", LeaseGrantRequest.Parser, LeaseGrantResponse.Parser);

    private static readonly Method<HashKVRequest, HashKVResponse> s_hash = Unary("Maintenance", "HashKV", HashKVRequest.Parser, HashKVResponse.Parser);

    private static readonly Method<WatchRequest, WatchResponse> s_watch =
        Method(MethodType.DuplexStreaming, "Watch", "Watch", WatchRequest.Parser, WatchResponse.Parser);

    private static readonly Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse> s_keepAlive =
        Method(MethodType.DuplexStreaming, "Lease", "LeaseKeepAlive", LeaseKeepAliveRequest.Parser, LeaseKeepAliveResponse.Parser);

    /// <summary>A connection of the caller's own.</summary>
    public static GrpcChannel Connect(Uri endpoint) => GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
    {
        // Errors are to be seen, not retried.
        MaxRetryAttempts = null,
        InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
        MaxReconnectBackoff = TimeSpan.FromMilliseconds(200),
    });

    public static Task<RangeResponse> RangeAsync(GrpcChannel channel, RangeRequest request, TimeSpan limit) => CallAsync(channel, s_range, request, limit);

    public static Task<PutResponse> PutAsync(GrpcChannel channel, PutRequest request, TimeSpan limit) => CallAsync(channel, s_put, request, limit);

    public static Task<DeleteRangeResponse> DeleteAsync(GrpcChannel channel, DeleteRangeRequest request, TimeSpan limit) => CallAsync(channel, s_delete, request, limit);

    public static Task<TxnResponse> TxnAsync(GrpcChannel channel, TxnRequest request, TimeSpan limit) => CallAsync(channel, s_txn, request, limit);

    public static Task<StatusResponse> StatusAsync(GrpcChannel channel, TimeSpan limit) => CallAsync(channel, s_status, new StatusRequest(), limit);

    public static Task<LeaseGrantResponse> GrantAsync(GrpcChannel channel, LeaseGrantRequest request, TimeSpan limit) => CallAsync(channel, s_grant, request, limit);

    /// <summary>Hash of a member's key space at a revision.</summary>
    public static Task<HashKVResponse> HashAsync(GrpcChannel channel, long revision, TimeSpan limit) =>
        CallAsync(channel, s_hash, new HashKVRequest { Revision = revision }, limit);

    /// <summary>A watch stream; nothing is asked on it yet.</summary>
    public static AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Watch(GrpcChannel channel, CancellationToken cancellation) =>
        channel.CreateCallInvoker().AsyncDuplexStreamingCall(s_watch, null, new CallOptions(cancellationToken: cancellation));

    /// <summary>A keep-alive stream; nothing is asked on it yet.</summary>
    public static AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> KeepAlive(GrpcChannel channel, CancellationToken cancellation) =>
        channel.CreateCallInvoker().AsyncDuplexStreamingCall(s_keepAlive, null, new CallOptions(cancellationToken: cancellation));

    private static Task<TResponse> CallAsync<TRequest, TResponse>(GrpcChannel channel, Method<TRequest, TResponse> method, TRequest request, TimeSpan limit)
        where TRequest : class
        where TResponse : class =>
        channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(deadline: DateTime.UtcNow + limit), request).ResponseAsync;

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(
        string service, string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => Method(MethodType.Unary, service, name, requests, responses);

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(
        MethodType type, string service, string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        new(type, "etcdserverpb." + service, name,
            Marshallers.Create(message => message.ToByteArray(), requests.ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), responses.ParseFrom));
}
