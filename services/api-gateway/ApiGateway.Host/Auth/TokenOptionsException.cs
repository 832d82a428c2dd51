namespace ApiGateway.Host.Auth;

#pragma warning disable CA1032 // One constructor: thrown with a reason.
/// <summary>What was said about tokens cannot be used; the message is etcd's.</summary>
public sealed class TokenOptionsException(string message) : Exception(message);
