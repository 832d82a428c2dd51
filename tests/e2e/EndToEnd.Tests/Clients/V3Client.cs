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

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress(server);

    public async Task<PutResponse> PutAsync(string key, string value, CancellationToken cancellation = default) =>
        await _channel.CreateCallInvoker().AsyncUnaryCall(
            PutMethod, null, new CallOptions(cancellationToken: cancellation),
            new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) });

    public async Task<RangeResponse> RangeAsync(string key, string? rangeEnd = null) =>
        await _channel.CreateCallInvoker().AsyncUnaryCall(
            RangeMethod, null, default, new RangeRequest { Key = ByteString.CopyFromUtf8(key), RangeEnd = ByteString.CopyFromUtf8(rangeEnd ?? "") });

    public void Dispose() => _channel.Dispose();

    private static Method<TRequest, TResponse> Unary<TRequest, TResponse>(
        string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        new(MethodType.Unary, "etcdserverpb.KV", name,
            Marshallers.Create(message => message.ToByteArray(), requests.ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), responses.ParseFrom));
}
