#pragma warning disable CA1032 // One constructor each: these are thrown in one place with one message.
namespace Consensus.Contracts;

/// <summary>No leader was known, or none confirmed its leadership, in time.</summary>
public sealed class NoLeaderException(string message) : Exception(message);

/// <summary>The entry asked for was dropped from the log; <paramref name="first"/> is the oldest still there.</summary>
public sealed class LogCompactedException(LogIndex first) : Exception($"the log begins at index {first}")
{
    public LogIndex First { get; } = first;
}

/// <summary>The proposal stream has ended; open another.</summary>
public sealed class ProposalStreamBrokenException(string reason) : Exception(reason);

/// <summary>
/// The log cannot be reached any more through this object or connection: lost, or stopping. A tail is opened again at the
/// index after the last entry seen; any other call is simply made again.
/// </summary>
public sealed class LogUnavailableException(string reason, Exception? inner = null) : Exception(reason, inner);
