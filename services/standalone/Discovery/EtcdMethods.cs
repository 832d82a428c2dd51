using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Standalone.Discovery;

/// <summary>The methods of etcd's v3 API that discovery calls.</summary>
internal static class EtcdMethods
{
    public static readonly Method<RangeRequest, RangeResponse> Range = Of(MethodType.Unary, "etcdserverpb.KV", "Range", RangeRequest.Parser, RangeResponse.Parser);

    public static readonly Method<PutRequest, PutResponse> Put = Of(MethodType.Unary, "etcdserverpb.KV", "Put", PutRequest.Parser, PutResponse.Parser);

    public static readonly Method<WatchRequest, WatchResponse> Watch = Of(MethodType.DuplexStreaming, "etcdserverpb.Watch", "Watch", WatchRequest.Parser, WatchResponse.Parser);

    public static readonly Method<AuthenticateRequest, AuthenticateResponse> Authenticate =
        Of(MethodType.Unary, "etcdserverpb.Auth", "Authenticate", AuthenticateRequest.Parser, AuthenticateResponse.Parser);

    private static Method<TRequest, TResponse> Of<TRequest, TResponse>(
        MethodType type, string service, string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => new(
            type, service, name,
            Marshallers.Create(static message => message.ToByteArray(), requests.ParseFrom),
            Marshallers.Create(static message => message.ToByteArray(), responses.ParseFrom));
}
