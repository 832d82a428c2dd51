using Google.Protobuf;

namespace Conformance.V3;

/// <summary>A unary method of the public API.</summary>
internal sealed record Unary<TRequest, TResponse>(string Service, string Name, MessageParser<TResponse> Parser)
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>;
