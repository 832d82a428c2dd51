using Consensus.Contracts;

namespace Consensus.Core.Raft;

/// <summary>One batch of work the core asks of its host.</summary>
/// <remarks>
/// A leader's <see cref="Messages"/> may go out before anything is stored (Raft thesis §10.2.1).
/// Committed entries are not repeated here: the host publishes <see cref="CommitIndex"/> and serves readers from the log.
/// </remarks>
/// <param name="Sequence">Grows by one per value. Values are stored and advanced in this order.</param>
/// <param name="HardState">
/// Store together with <paramref name="Entries"/>, before them: a stored configuration entry implies that the one before it is stored as committed.
/// </param>
/// <param name="HardStateChanged">False when <paramref name="HardState"/> is what the previous value said.</param>
/// <param name="Entries">Store these; they replace any stored suffix from their first index on. The array belongs to the host and is never changed.</param>
/// <param name="MustSync">False when losing the write would break no promise.</param>
/// <param name="Messages">Send at any time.</param>
/// <param name="MessagesAfterPersist">Promises about what is stored: send only once this value is durable (Raft Fig. 2).</param>
/// <param name="CommitIndex">Everything up to here may be applied.</param>
/// <param name="Reads">Reads asked for with <see cref="RaftNode.RequestRead"/> that are decided.</param>
/// <param name="Reset">Not null: before anything else, durably, replace the stored log by an empty one that begins after this point.</param>
public readonly record struct Ready(
    ulong Sequence,
    HardState HardState,
    bool HardStateChanged,
    Entry[] Entries,
    bool MustSync,
    IReadOnlyList<Message> Messages,
    IReadOnlyList<Message> MessagesAfterPersist,
    LogIndex CommitIndex,
    IReadOnlyList<ReadResult> Reads,
    LogReset? Reset);

/// <summary>Outcome of a read request.</summary>
/// <param name="Context">The number the host gave the read.</param>
/// <param name="Index">Apply up to here, then read. Meaningless when not confirmed.</param>
/// <param name="Term">Term in which leadership was confirmed.</param>
/// <param name="IsConfirmed">False when leadership was lost first: ask again.</param>
public readonly record struct ReadResult(ulong Context, LogIndex Index, Term Term, bool IsConfirmed);
