namespace ApiGateway.Core.Errors;

/// <summary>Every way in which the gateway refuses or fails a request. Code and text of each: <see cref="EtcdErrors"/>.</summary>
public enum EtcdError
{
    None = 0,
    EmptyKey,
    KeyNotFound,
    ValueProvided,
    LeaseProvided,
    TooManyOperations,
    DuplicateKey,
    InvalidSortOption,
    StreamedSort,
    StreamedFilter,
    Compacted,
    FutureRevision,
    NoSpace,
    LeaseNotFound,
    LeaseExists,
    LeaseTtlTooLarge,
    RequestTooLarge,
    ResponseTooLarge,
    TooManyRequests,
    NoLeader,
    LeaderChanged,
    ServerStopped,
    Timeout,
    TimeoutDueToLeaderFailure,
    TimeoutWaitingForApply,
    WriteDeadline,
    Corrupt,
    WatchCanceled,
    RequestCanceled,

    MemberBadUrls,
    MemberNotFound,
    MemberIdExists,
    PeerUrlExists,
    TooManyLearners,
    MemberNotLearner,
    LearnerNotReady,
    TooManyVoters,
    NotEnoughStarted,
    UnhealthyCluster,
    NotSupportedForLearner,
    NotLeader,
    BadLeaderTransferee,
    TimeoutLeaderTransfer,

    /// <summary>The request's bytes are no protobuf message of its type.</summary>
    Undecodable,

    /// <summary>A replica could not read a command that this gateway made, or answered what it must not: a defect on our side.</summary>
    Internal,
}
