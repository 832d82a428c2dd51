using Consensus.Contracts;

namespace Storage.Contracts;

/// <summary>Expected outcomes other than success. The gateway maps each to one gRPC status and text, in one table.</summary>
public enum StorageError : byte
{
    None = 0,
    Compacted,
    FutureRevision,
    KeyNotFound,
    LeaseNotFound,
    LeaseExists,
    NoSpace,
    Corrupt,
    /// <summary>The lease manager's claim is no longer the current one.</summary>
    StaleLeaseEpoch,
    /// <summary>A v2 error: <see cref="CommandResult.Detail"/> is its code (100, 101, ...), the body its cause in UTF-8.</summary>
    V2,
    /// <summary>The command's bytes could not be read: the proposer is broken or newer than this replica.</summary>
    Malformed,
    /// <summary>The session's outcome for this sequence was forgotten already (I8): the proposer must not have asked again.</summary>
    OutcomeForgotten,
    /// <summary>The answer is more than can be sent (1 GiB). A command took effect all the same.</summary>
    AnswerTooLarge,

    /// <summary>Authentication is on, and nobody said who asks.</summary>
    UserEmpty,
    PermissionDenied,
    /// <summary>Users or roles have changed since the gateway looked who asks.</summary>
    AuthRevisionOld,
    RootUserMissing,
    RootRoleMissing,
    /// <summary>A user is to be made whose name is empty.</summary>
    UserNameEmpty,
    UserExists,
    UserNotFound,
    RoleNameEmpty,
    RoleExists,
    RoleNotFound,
    /// <summary>The user does not have the role.</summary>
    RoleNotGranted,
    /// <summary>A permission is to be granted and was not given.</summary>
    PermissionNotGiven,
    /// <summary>The role does not have the permission.</summary>
    PermissionNotGranted,
    /// <summary>A change of users or roles that is not to be made.</summary>
    InvalidAuthManagement,

    /// <summary>There are as many leases as the request allows for already.</summary>
    TooManyLeases,

    /// <summary>The cluster is being taken back a release already.</summary>
    DowngradeInProgress,
    /// <summary>There is no such job to be cancelled.</summary>
    NoDowngrade,

    /// <summary>A key below the prefix of the v2 keys that is no path of one.</summary>
    MappedKeyInvalid,
    /// <summary>A key below that prefix at which v2 has a directory.</summary>
    MappedKeyIsDirectory,
    /// <summary>A key below that prefix, and below a file of v2.</summary>
    MappedKeyBelowFile,
    /// <summary>v2 keys are mapped to another prefix already; the body is that prefix.</summary>
    V2MappedElsewhere,
    /// <summary>There are v2 keys, and v3 keys below the prefix to which they are to be mapped; the body is the first of the latter.</summary>
    V2MappingAmbiguous,
}

/// <summary>The outcome of one applied command, for the proposer.</summary>
/// <param name="Session">Who proposed it.</param>
/// <param name="Sequence">Which of its proposals.</param>
/// <param name="Index">Where in the log it was applied.</param>
/// <param name="Term">Term of that entry.</param>
/// <param name="Error">None on success.</param>
/// <param name="Revision">
/// v3: the key space's revision after the command. v2: the v2 index after it (on an error too).
/// </param>
/// <param name="Detail">v2 success: 1 when the node was newly created. v2 error: the code. Lease claim: the low 32 bits of the epoch.</param>
/// <param name="Body">
/// v3: the encoded response message without its header field. v2: the event as JSON without a line end, or on an error
/// the cause. Lease claim: the epoch, 8 bytes little-endian.
/// </param>
public readonly record struct CommandResult(
    SessionId Session, ulong Sequence, LogIndex Index, Term Term, StorageError Error, long Revision, int Detail, ReadOnlyMemory<byte> Body)
{
    /// <summary>Timestamp of when the proposer handed the command to the log, noted by itself for itself; 0: not noted.</summary>
    public long HandedAt { get; init; }

    /// <summary>Likewise, of when it had this outcome.</summary>
    public long ArrivedAt { get; init; }
}

/// <summary>The outcome of a read.</summary>
/// <param name="Error">None on success.</param>
/// <param name="Revision">v3: current revision at the time of the read. v2: current index.</param>
/// <param name="AppliedIndex">Log index the read saw.</param>
/// <param name="AppliedTerm">Term of that entry.</param>
/// <param name="Detail">v2 error: the code.</param>
/// <param name="Body">
/// v3: the encoded RangeResponse or TxnResponse without its header field. v2: the whole JSON object without a line end, or the cause of an error.
/// Owned by the caller; stored values were copied once, from the page or the hot tail.
/// </param>
public readonly record struct ReadResult(
    StorageError Error, long Revision, LogIndex AppliedIndex, Term AppliedTerm, int Detail, ReadOnlyMemory<byte> Body);
