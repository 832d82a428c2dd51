using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.Checks;

namespace Storage.Tests.Checks;

/// <summary>Goal: only replicas that can be compared are, and the one that is wrong is named. Method: hashes made by hand.</summary>
public sealed class ReplicaComparisonTests
{
    private static readonly HashResult s_own = Hash(10, 0xa, compacted: 5);

    [Fact]
    public void AtStart_SameHash_IsNotDifferent() => Assert.False(ReplicaComparison.IsDifferent(s_own, [s_own, Hash(10, 0xa, 5, current: 99)]));

    [Fact]
    public void AtStart_OtherHash_IsDifferent() => Assert.True(ReplicaComparison.IsDifferent(s_own, [s_own, Hash(10, 0xb, 5)]));

    [Fact]
    public void AtStart_OtherCompaction_CannotBeCompared() => Assert.False(ReplicaComparison.IsDifferent(s_own, [Hash(10, 0xb, 6)]));

    [Fact]
    public void AtStart_PeerThatDidNotAnswer_IsPassedOver() =>
        Assert.False(ReplicaComparison.IsDifferent(s_own, [s_own with { Error = StorageError.FutureRevision, Hash = 0 }]));

    [Fact]
    public void Running_AllTheSame_NobodyIsWrong() => Assert.Null(ReplicaComparison.FindDifferent(s_own, s_own, [s_own, s_own]));

    [Fact]
    public void Running_OtherHash_IsTheOther() => Assert.Equal(1, ReplicaComparison.FindDifferent(s_own, s_own, [s_own, Hash(10, 0xb, 5)]));

    [Fact]
    public void Running_OwnHashChangedAtOneRevision_IsThisOne() =>
        Assert.Equal(ReplicaComparison.Own, ReplicaComparison.FindDifferent(s_own, s_own with { Hash = 0xc }, [s_own]));

    [Fact]
    public void Running_OwnRevisionMovedOn_SaysNothing() =>
        Assert.Null(ReplicaComparison.FindDifferent(s_own, Hash(12, 0xc, 5), [s_own]));

    [Fact]
    public void Running_PeerAheadOfEverythingCommitted_IsThePeer() =>
        Assert.Equal(0, ReplicaComparison.FindDifferent(s_own, Hash(12, 0xc, 5), [Hash(10, 0xa, 5, current: 13)]));

    [Fact]
    public void Running_PeerCompactedBeyondEverythingCommitted_IsThePeer() =>
        Assert.Equal(0, ReplicaComparison.FindDifferent(s_own, s_own, [Hash(10, 0xb, 6)]));

    [Fact]
    public void Running_PeerBehind_IsPassedOver() =>
        Assert.Null(ReplicaComparison.FindDifferent(s_own, s_own, [s_own with { Error = StorageError.FutureRevision, Hash = 0 }]));

    private static HashResult Hash(long revision, uint hash, long compacted, long? current = null) =>
        new(StorageError.None, hash, compacted, revision, current ?? revision, new Term(2));
}
