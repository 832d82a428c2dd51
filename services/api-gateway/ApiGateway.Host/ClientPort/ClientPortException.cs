#pragma warning disable CA1032 // One constructor: thrown in one place with one message.
namespace ApiGateway.Host.ClientPort;

/// <summary>A client port that cannot be opened. The message is the one line that etcd prints for it.</summary>
public sealed class ClientPortException(string message, Exception inner) : IOException(message, inner);
