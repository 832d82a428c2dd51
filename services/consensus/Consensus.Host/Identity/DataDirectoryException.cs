#pragma warning disable CA1032 // One constructor: it is thrown with a message.
namespace Consensus.Host.Identity;

/// <summary>The data directory cannot be used by this member.</summary>
public sealed class DataDirectoryException(string message, Exception? inner = null) : Exception(message, inner);
