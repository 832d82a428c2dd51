#pragma warning disable CA1032 // One constructor: the message is all there is.
namespace Consensus.Host.Identity;

/// <summary>This member cannot take part in the cluster it was pointed to; the message says why, in etcd's words.</summary>
public sealed class JoinRefusedException(string message) : Exception(message);
