#pragma warning disable CA1032 // One constructor: the message is what the client reads.
namespace ApiGateway.Host.Json;

/// <summary>A body that is no JSON, or no request of its method.</summary>
internal sealed class JsonBodyException(string message) : Exception(message)
{
    /// <summary>It may be JSON, but nobody has looked at all of it.</summary>
    public bool IsTooLarge { get; init; }
}
