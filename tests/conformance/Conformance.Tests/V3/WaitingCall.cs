using Google.Protobuf;

namespace Conformance.V3;

/// <summary>A call that is answered once something else has happened.</summary>
internal sealed record WaitingCall<TResponse>(MessageParser<TResponse> Parser, Task<byte[]> Answer, CancellationTokenSource Cancellation)
    where TResponse : IMessage<TResponse>;
