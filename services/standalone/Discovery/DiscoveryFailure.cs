#pragma warning disable CA1032 // It is thrown with a kind and a message.
namespace Standalone.Discovery;

/// <summary>Why a member could not join by discovery.</summary>
internal enum DiscoveryFailureKind
{
    /// <summary>Of the kinds that need no advice of their own.</summary>
    Refused,

    /// <summary>As many members as the cluster is to have are registered already.</summary>
    Full,

    /// <summary>This member registered before.</summary>
    DuplicateId,

    /// <summary>Two members have the same name.</summary>
    DuplicateName,
}

/// <summary>Discovery came to an end without a cluster; the message is etcd's.</summary>
internal sealed class DiscoveryFailure(DiscoveryFailureKind kind, string message) : Exception(message)
{
    public DiscoveryFailureKind Kind { get; } = kind;

    public static DiscoveryFailure Refused(string message) => new(DiscoveryFailureKind.Refused, message);

    public static DiscoveryFailure Full() => new(DiscoveryFailureKind.Full, "discovery: cluster is full");

    public static DiscoveryFailure DuplicateId() => new(DiscoveryFailureKind.DuplicateId, "discovery: found duplicate id");

    public static DiscoveryFailure DuplicateName() => new(DiscoveryFailureKind.DuplicateName, "discovery: found duplicate name");
}

/// <summary>The service did not answer, or not as one that works does: asking again may help.</summary>
internal sealed class RegistryUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
