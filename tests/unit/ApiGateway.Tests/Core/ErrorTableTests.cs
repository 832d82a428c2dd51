using ApiGateway.Core.Errors;
using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Tests.Core;

/// <summary>Code and text of errors are part of the wire contract.</summary>
public sealed class ErrorTableTests
{
    [Theory]
    [InlineData(EtcdError.EmptyKey, 3, "etcdserver: key is not provided")]
    [InlineData(EtcdError.KeyNotFound, 3, "etcdserver: key not found")]
    [InlineData(EtcdError.DuplicateKey, 3, "etcdserver: duplicate key given in txn request")]
    [InlineData(EtcdError.Compacted, 11, "etcdserver: mvcc: required revision has been compacted")]
    [InlineData(EtcdError.FutureRevision, 11, "etcdserver: mvcc: required revision is a future revision")]
    [InlineData(EtcdError.NoSpace, 8, "etcdserver: mvcc: database space exceeded")]
    [InlineData(EtcdError.LeaseNotFound, 5, "etcdserver: requested lease not found")]
    [InlineData(EtcdError.LeaseExists, 9, "etcdserver: lease already exists")]
    [InlineData(EtcdError.RequestTooLarge, 3, "etcdserver: request is too large")]
    [InlineData(EtcdError.ResponseTooLarge, 8, "etcdserver: response is too large")]
    [InlineData(EtcdError.Timeout, 14, "etcdserver: request timed out")]
    [InlineData(EtcdError.WriteDeadline, 4, "context deadline exceeded")]
    [InlineData(EtcdError.NoLeader, 14, "etcdserver: no leader")]
    [InlineData(EtcdError.MemberBadUrls, 3, "etcdserver: given member URLs are invalid")]
    [InlineData(EtcdError.MemberNotFound, 5, "etcdserver: member not found")]
    [InlineData(EtcdError.MemberIdExists, 9, "etcdserver: member ID already exist")]
    [InlineData(EtcdError.PeerUrlExists, 9, "etcdserver: Peer URLs already exists")]
    [InlineData(EtcdError.TooManyLearners, 9, "etcdserver: too many learner members in cluster")]
    [InlineData(EtcdError.MemberNotLearner, 9, "etcdserver: can only promote a learner member")]
    [InlineData(EtcdError.TooManyVoters, 9, "etcdserver: too many voting members in cluster")]
    [InlineData(EtcdError.LearnerNotReady, 9, "etcdserver: can only promote a learner member which is in sync with leader")]
    [InlineData(EtcdError.NotEnoughStarted, 2, "etcdserver: re-configuration failed due to not enough started members")]
    [InlineData(EtcdError.UnhealthyCluster, 14, "etcdserver: unhealthy cluster")]
    [InlineData(EtcdError.NotSupportedForLearner, 14, "etcdserver: rpc not supported for learner")]
    [InlineData(EtcdError.NotLeader, 9, "etcdserver: not leader")]
    [InlineData(EtcdError.BadLeaderTransferee, 9, "etcdserver: bad leader transferee")]
    [InlineData(EtcdError.TimeoutLeaderTransfer, 2, "etcdserver: request timed out, leader transfer took too long")]
    [InlineData(EtcdError.UserEmpty, 3, "etcdserver: user name is empty")]
    [InlineData(EtcdError.InvalidAuthToken, 16, "etcdserver: invalid auth token")]
    [InlineData(EtcdError.PermissionDenied, 7, "etcdserver: permission denied")]
    [InlineData(EtcdError.AuthRevisionOld, 3, "etcdserver: revision of auth store is old")]
    [InlineData(EtcdError.AuthNotEnabled, 9, "etcdserver: authentication is not enabled")]
    [InlineData(EtcdError.AuthFailed, 3, "etcdserver: authentication failed, invalid user ID or password")]
    [InlineData(EtcdError.PermissionDeniedUntranslated, 2, "auth: permission denied")]
    [InlineData(EtcdError.Corrupt, 15, "etcdserver: corrupt cluster")]
    public void Status_KnownError_EtcdsCodeAndText(EtcdError error, int code, string text) =>
        Assert.Equal(new RpcStatus((RpcCode)code, text), EtcdErrors.Status(error));

    [Fact]
    public void Status_EveryError_IsInTheTable() => Assert.All(Enum.GetValues<EtcdError>(), error => EtcdErrors.Status(error));

    [Fact]
    public void Of_EveryStorageError_IsAnError() => Assert.All(
        Enum.GetValues<StorageError>().Where(error => error != StorageError.None),
        error => Assert.NotEqual(EtcdError.None, EtcdErrors.Of(error)));

    [Theory]
    [InlineData(MembershipError.None, EtcdError.None)]
    [InlineData(MembershipError.MemberNotFound, EtcdError.MemberNotFound)]
    [InlineData(MembershipError.MemberRemoved, EtcdError.MemberNotFound)]
    [InlineData(MembershipError.MemberIdExists, EtcdError.MemberIdExists)]
    [InlineData(MembershipError.PeerUrlExists, EtcdError.PeerUrlExists)]
    [InlineData(MembershipError.TooManyLearners, EtcdError.TooManyLearners)]
    [InlineData(MembershipError.NotALearner, EtcdError.MemberNotLearner)]
    [InlineData(MembershipError.TooManyVoters, EtcdError.TooManyVoters)]
    [InlineData(MembershipError.LearnerNotReady, EtcdError.LearnerNotReady)]
    [InlineData(MembershipError.NotEnoughStarted, EtcdError.NotEnoughStarted)]
    [InlineData(MembershipError.UnhealthyCluster, EtcdError.UnhealthyCluster)]
    public void Of_MembershipError_EtcdsError(MembershipError refused, EtcdError expected) => Assert.Equal(expected, EtcdErrors.Of(refused));

    [Theory]
    [InlineData(TransferOutcome.Done, EtcdError.None)]
    [InlineData(TransferOutcome.NotLeader, EtcdError.NotLeader)]
    [InlineData(TransferOutcome.BadTarget, EtcdError.BadLeaderTransferee)]
    [InlineData(TransferOutcome.TimedOut, EtcdError.TimeoutLeaderTransfer)]
    public void Of_TransferOutcome_EtcdsError(TransferOutcome outcome, EtcdError expected) => Assert.Equal(expected, EtcdErrors.Of(outcome));

    [Theory]
    [InlineData("/etcdserverpb.KV/Nope", "unknown method Nope for service etcdserverpb.KV")]
    [InlineData("/foo.Bar/Baz", "unknown service foo.Bar")]
    [InlineData("/x", "malformed method name: \"/x\"")]
    public void Unimplemented_Path_GrpcGosText(string path, string text) =>
        Assert.Equal(text, EtcdErrors.Unimplemented(path, service => service == "etcdserverpb.KV").Message);
}
