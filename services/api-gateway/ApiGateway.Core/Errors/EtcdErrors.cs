using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Core.Errors;

/// <summary>A gRPC status: code and message. Clients of etcd match on the message, so both are part of the contract.</summary>
public readonly record struct RpcStatus(RpcCode Code, string Message);

/// <summary>The one table from errors to gRPC statuses (etcd 3.5).</summary>
public static class EtcdErrors
{
    /// <summary>Code and text of an error.</summary>
    public static RpcStatus Status(EtcdError error) => error switch
    {
        EtcdError.None => new(RpcCode.Ok, ""),
        EtcdError.EmptyKey => new(RpcCode.InvalidArgument, "etcdserver: key is not provided"),
        EtcdError.KeyNotFound => new(RpcCode.InvalidArgument, "etcdserver: key not found"),
        EtcdError.ValueProvided => new(RpcCode.InvalidArgument, "etcdserver: value is provided"),
        EtcdError.LeaseProvided => new(RpcCode.InvalidArgument, "etcdserver: lease is provided"),
        EtcdError.TooManyOperations => new(RpcCode.InvalidArgument, "etcdserver: too many operations in txn request"),
        EtcdError.DuplicateKey => new(RpcCode.InvalidArgument, "etcdserver: duplicate key given in txn request"),
        // etcd 3.5 crashes on an unknown sort target; the text is that of 3.6.
        EtcdError.InvalidSortOption => new(RpcCode.InvalidArgument, "etcdserver: invalid sort option"),
        EtcdError.StreamedSort => new(RpcCode.Unimplemented, "RangeStream does not support custom sort orders"),
        EtcdError.StreamedFilter => new(RpcCode.Unimplemented, "RangeStream does not support revision filters"),
        EtcdError.Compacted => new(RpcCode.OutOfRange, CompactedText),
        EtcdError.FutureRevision => new(RpcCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision"),
        EtcdError.NoSpace => new(RpcCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded"),
        EtcdError.LeaseNotFound => new(RpcCode.NotFound, "etcdserver: requested lease not found"),
        EtcdError.LeaseExists => new(RpcCode.FailedPrecondition, "etcdserver: lease already exists"),
        EtcdError.LeaseTtlTooLarge => new(RpcCode.OutOfRange, "etcdserver: too large lease TTL"),
        // etcd fails to send it, with a text of its gRPC library.
        EtcdError.ResponseTooLarge => new(RpcCode.ResourceExhausted, "etcdserver: response is too large"),
        EtcdError.RequestTooLarge => new(RpcCode.InvalidArgument, "etcdserver: request is too large"),
        EtcdError.TooManyRequests => new(RpcCode.ResourceExhausted, "etcdserver: too many requests"),
        // Not in etcd, which takes any number of leases.
        EtcdError.TooManyLeases => new(RpcCode.ResourceExhausted, "etcdserver: too many leases"),
        EtcdError.NoLeader => new(RpcCode.Unavailable, "etcdserver: no leader"),
        EtcdError.LeaderChanged => new(RpcCode.Unavailable, "etcdserver: leader changed"),
        EtcdError.ServerStopped => new(RpcCode.Unavailable, "etcdserver: server stopped"),
        EtcdError.Timeout => new(RpcCode.Unavailable, TimeoutText),
        EtcdError.TimeoutDueToLeaderFailure => new(RpcCode.Unavailable, TimeoutText + ", possibly due to previous leader failure"),
        EtcdError.TimeoutWaitingForApply => new(RpcCode.Unavailable, TimeoutText + ", waiting for the applied index took too long"),
        EtcdError.WriteDeadline => new(RpcCode.DeadlineExceeded, "context deadline exceeded"),
        EtcdError.Corrupt => new(RpcCode.DataLoss, "etcdserver: corrupt cluster"),
        EtcdError.WatchCanceled => new(RpcCode.Canceled, "etcdserver: watch canceled"),
        EtcdError.RequestCanceled => new(RpcCode.Canceled, "etcdserver: request canceled"),
        EtcdError.MemberBadUrls => new(RpcCode.InvalidArgument, "etcdserver: given member URLs are invalid"),
        EtcdError.MemberNotFound => new(RpcCode.NotFound, "etcdserver: member not found"),
        EtcdError.MemberIdExists => new(RpcCode.FailedPrecondition, "etcdserver: member ID already exist"),
        EtcdError.PeerUrlExists => new(RpcCode.FailedPrecondition, "etcdserver: Peer URLs already exists"),
        EtcdError.TooManyLearners => new(RpcCode.FailedPrecondition, "etcdserver: too many learner members in cluster"),
        // Not in etcd, which takes any number of voters.
        EtcdError.TooManyVoters => new(RpcCode.FailedPrecondition, "etcdserver: too many voting members in cluster"),
        EtcdError.MemberNotLearner => new(RpcCode.FailedPrecondition, "etcdserver: can only promote a learner member"),
        EtcdError.LearnerNotReady =>
            new(RpcCode.FailedPrecondition, "etcdserver: can only promote a learner member which is in sync with leader"),
        // FailedPrecondition by its definition; a 3.5 server does not find it in its table.
        EtcdError.NotEnoughStarted => new(RpcCode.Unknown, "etcdserver: re-configuration failed due to not enough started members"),
        EtcdError.UnhealthyCluster => new(RpcCode.Unavailable, "etcdserver: unhealthy cluster"),
        EtcdError.NotSupportedForLearner => new(RpcCode.Unavailable, "etcdserver: rpc not supported for learner"),
        EtcdError.NotLeader => new(RpcCode.FailedPrecondition, "etcdserver: not leader"),
        EtcdError.BadLeaderTransferee => new(RpcCode.FailedPrecondition, "etcdserver: bad leader transferee"),
        EtcdError.TimeoutLeaderTransfer => new(RpcCode.Unknown, TimeoutText + ", leader transfer took too long"),
        EtcdError.ClusterVersionUnavailable => new(RpcCode.Unavailable, "etcdserver: cluster version not found during downgrade"),
        EtcdError.WrongDowngradeVersionFormat => new(RpcCode.InvalidArgument, "etcdserver: wrong downgrade target version format"),
        EtcdError.InvalidDowngradeTarget => new(RpcCode.InvalidArgument, "etcdserver: invalid downgrade target version"),
        EtcdError.DowngradeInProcess => new(RpcCode.FailedPrecondition, "etcdserver: cluster has a downgrade job in progress"),
        EtcdError.NoInflightDowngrade => new(RpcCode.FailedPrecondition, "etcdserver: no inflight downgrade job"),
        // Not in etcd, where v2 keys are no v3 keys of the same name.
        EtcdError.MappedKeyInvalid => new(RpcCode.InvalidArgument, "etcdserver: key below the prefix of v2 keys can be no v2 key"),
        EtcdError.MappedKeyIsDirectory => new(RpcCode.FailedPrecondition, "etcdserver: key is a directory of v2"),
        EtcdError.MappedKeyBelowFile => new(RpcCode.FailedPrecondition, "etcdserver: key lies below a file of v2"),
        EtcdError.UnknownMethod => new(RpcCode.Unknown, "etcdserver: unknown method"),
        EtcdError.UserEmpty => new(RpcCode.InvalidArgument, "etcdserver: user name is empty"),
        EtcdError.InvalidAuthToken => new(RpcCode.Unauthenticated, "etcdserver: invalid auth token"),
        EtcdError.PermissionDenied => new(RpcCode.PermissionDenied, "etcdserver: permission denied"),
        EtcdError.AuthRevisionOld => new(RpcCode.InvalidArgument, "etcdserver: revision of auth store is old"),
        EtcdError.AuthNotEnabled => new(RpcCode.FailedPrecondition, "etcdserver: authentication is not enabled"),
        EtcdError.AuthFailed => new(RpcCode.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password"),
        EtcdError.NoPasswordUser => new(RpcCode.Unknown, "auth: authentication failed, password was given for no password user"),
        EtcdError.PasswordTooLong => new(RpcCode.Unknown, "bcrypt: password length exceeds 72 bytes"),
        EtcdError.VerifyOnlyKey => new(RpcCode.Unknown, "auth: token signing attempted with verify-only key"),
        EtcdError.RootUserNotExist => new(RpcCode.FailedPrecondition, "etcdserver: root user does not exist"),
        EtcdError.RootRoleNotExist => new(RpcCode.FailedPrecondition, "etcdserver: root user does not have root role"),
        EtcdError.UserExists => new(RpcCode.FailedPrecondition, "etcdserver: user name already exists"),
        EtcdError.UserNotFound => new(RpcCode.FailedPrecondition, "etcdserver: user name not found"),
        EtcdError.RoleEmpty => new(RpcCode.InvalidArgument, "etcdserver: role name is empty"),
        EtcdError.RoleExists => new(RpcCode.FailedPrecondition, "etcdserver: role name already exists"),
        EtcdError.RoleNotFound => new(RpcCode.FailedPrecondition, "etcdserver: role name not found"),
        EtcdError.RoleNotGranted => new(RpcCode.FailedPrecondition, "etcdserver: role is not granted to the user"),
        EtcdError.PermissionNotGiven => new(RpcCode.InvalidArgument, "etcdserver: permission not given"),
        EtcdError.PermissionNotGranted => new(RpcCode.FailedPrecondition, "etcdserver: permission is not granted to the role"),
        EtcdError.InvalidAuthManagement => new(RpcCode.InvalidArgument, "etcdserver: invalid auth management"),
        EtcdError.UserEmptyUntranslated => new(RpcCode.Unknown, "auth: user name is empty"),
        EtcdError.InvalidAuthTokenUntranslated => new(RpcCode.Unknown, "auth: invalid auth token"),
        EtcdError.PermissionDeniedUntranslated => new(RpcCode.Unknown, "auth: permission denied"),
        EtcdError.AuthRevisionOldUntranslated => new(RpcCode.Unknown, "auth: revision in header is old"),
        EtcdError.Undecodable => new(RpcCode.Internal, "grpc: error unmarshalling request: unexpected EOF"),
        EtcdError.Internal => new(RpcCode.Internal, "etcdserver: internal error"),
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "not in the table"),
    };

    /// <summary>Why a watch is refused that is one too many; etcd takes any number.</summary>
    public static string TooManyWatches(string where, long most) => $"etcdserver: too many watches of {where} ({most} at most)";

    /// <summary>Also the reason with which a watch that starts below revision 0 is refused.</summary>
    public const string CompactedText = "etcdserver: mvcc: required revision has been compacted";

    /// <summary>Also the cause of a v2 write that found no quorum.</summary>
    public const string TimeoutText = "etcdserver: request timed out";

    /// <summary>What an outcome of the state machine is to a v3 client.</summary>
    public static EtcdError Of(StorageError error) => error switch
    {
        StorageError.None => EtcdError.None,
        StorageError.Compacted => EtcdError.Compacted,
        StorageError.FutureRevision => EtcdError.FutureRevision,
        StorageError.KeyNotFound => EtcdError.KeyNotFound,
        StorageError.LeaseNotFound => EtcdError.LeaseNotFound,
        StorageError.LeaseExists => EtcdError.LeaseExists,
        StorageError.TooManyLeases => EtcdError.TooManyLeases,
        StorageError.DowngradeInProgress => EtcdError.DowngradeInProcess,
        StorageError.NoDowngrade => EtcdError.NoInflightDowngrade,
        StorageError.MappedKeyInvalid => EtcdError.MappedKeyInvalid,
        StorageError.MappedKeyIsDirectory => EtcdError.MappedKeyIsDirectory,
        StorageError.MappedKeyBelowFile => EtcdError.MappedKeyBelowFile,
        StorageError.NoSpace => EtcdError.NoSpace,
        StorageError.Corrupt => EtcdError.Corrupt,
        // The command took effect or not, nobody knows any more: an ambiguous failure, as after a lost leader.
        StorageError.OutcomeForgotten => EtcdError.TimeoutDueToLeaderFailure,
        StorageError.AnswerTooLarge => EtcdError.ResponseTooLarge,
        StorageError.UserEmpty or StorageError.UserNameEmpty => EtcdError.UserEmpty,
        StorageError.PermissionDenied => EtcdError.PermissionDenied,
        StorageError.AuthRevisionOld => EtcdError.AuthRevisionOld,
        StorageError.RootUserMissing => EtcdError.RootUserNotExist,
        StorageError.RootRoleMissing => EtcdError.RootRoleNotExist,
        StorageError.UserExists => EtcdError.UserExists,
        StorageError.UserNotFound => EtcdError.UserNotFound,
        StorageError.RoleNameEmpty => EtcdError.RoleEmpty,
        StorageError.RoleExists => EtcdError.RoleExists,
        StorageError.RoleNotFound => EtcdError.RoleNotFound,
        StorageError.RoleNotGranted => EtcdError.RoleNotGranted,
        StorageError.PermissionNotGiven => EtcdError.PermissionNotGiven,
        StorageError.PermissionNotGranted => EtcdError.PermissionNotGranted,
        StorageError.InvalidAuthManagement => EtcdError.InvalidAuthManagement,
        // What a gateway asks for itself.
        StorageError.StaleLeaseEpoch or StorageError.V2 or StorageError.V2MappedElsewhere or StorageError.V2MappingAmbiguous or StorageError.Malformed => EtcdError.Internal,
        _ => EtcdError.Internal,
    };

    /// <summary>The same refusal where etcd 3.5 does not translate it.</summary>
    public static EtcdError Untranslated(EtcdError error) => error switch
    {
        EtcdError.UserEmpty => EtcdError.UserEmptyUntranslated,
        EtcdError.InvalidAuthToken => EtcdError.InvalidAuthTokenUntranslated,
        EtcdError.PermissionDenied => EtcdError.PermissionDeniedUntranslated,
        EtcdError.AuthRevisionOld => EtcdError.AuthRevisionOldUntranslated,
        _ => error,
    };

    /// <summary>A status as Go prints it: the reason of a watch that is refused.</summary>
    public static string Printed(EtcdError error)
    {
        var status = Status(error);
        return $"rpc error: code = {status.Code} desc = {status.Message}";
    }

    /// <summary>What a refused membership change is to a v3 client.</summary>
    public static EtcdError Of(MembershipError error) => error switch
    {
        MembershipError.None => EtcdError.None,
        MembershipError.MemberNotFound or MembershipError.MemberRemoved => EtcdError.MemberNotFound,
        MembershipError.MemberIdExists => EtcdError.MemberIdExists,
        MembershipError.PeerUrlExists => EtcdError.PeerUrlExists,
        MembershipError.TooManyLearners => EtcdError.TooManyLearners,
        MembershipError.TooManyVoters => EtcdError.TooManyVoters,
        MembershipError.NotALearner => EtcdError.MemberNotLearner,
        MembershipError.LearnerNotReady => EtcdError.LearnerNotReady,
        MembershipError.NotEnoughStarted => EtcdError.NotEnoughStarted,
        MembershipError.UnhealthyCluster => EtcdError.UnhealthyCluster,
        _ => EtcdError.Internal,
    };

    /// <summary>What an attempt to move the leadership is to a v3 client.</summary>
    public static EtcdError Of(TransferOutcome outcome) => outcome switch
    {
        TransferOutcome.Done => EtcdError.None,
        TransferOutcome.NotLeader => EtcdError.NotLeader,
        TransferOutcome.BadTarget => EtcdError.BadLeaderTransferee,
        TransferOutcome.TimedOut => EtcdError.TimeoutLeaderTransfer,
        _ => EtcdError.Internal,
    };

    /// <summary>Text of a request larger than the transport takes (grpc-go's wording).</summary>
    public static RpcStatus MessageTooLarge(long bytes, int maxBytes) =>
        new(RpcCode.ResourceExhausted, $"grpc: received message larger than max ({bytes} vs. {maxBytes})");

    /// <summary>Text for a path that names no method here (grpc-go's wording).</summary>
    /// <param name="path">As in the request, for example "/etcdserverpb.KV/Nope".</param>
    /// <param name="isService">Whether a service of that name exists.</param>
    public static RpcStatus Unimplemented(string path, Func<string, bool> isService)
    {
        var slash = path.LastIndexOf('/');
        if (slash < 1 || path[0] != '/')
            return new(RpcCode.Unimplemented, $"malformed method name: \"{path}\"");
        var service = path[1..slash];
        return new(RpcCode.Unimplemented, isService(service)
            ? $"unknown method {path[(slash + 1)..]} for service {service}"
            : $"unknown service {service}");
    }
}
