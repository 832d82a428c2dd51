using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Core.Reads;
using Storage.Tests.Harness;

namespace Storage.Tests.Apply;

/// <summary>What commands add to the counts that etcd has of them; each row was watched at etcd 3.5.</summary>
public sealed class ApplyCountsTests
{
    private readonly Replica _replica = new();

    private (long Puts, long Bytes, long Deletes, long Ranges, long Txns) Counts =>
        (_replica.Machine.Counts.Puts, _replica.Machine.Counts.PutBytes, _replica.Machine.Counts.Deletes, _replica.Machine.Counts.Ranges, _replica.Machine.Counts.Transactions);

    [Fact]
    public void Put_IsOnePut()
    {
        _replica.Do(Requests.Put("key", "value"));
        Assert.Equal((1, 8, 0, 0, 0), Counts);
    }

    [Fact]
    public void Put_ThatReturnsWhatWas_ReadsToo()
    {
        _replica.Do(Requests.Put("k", "v", prev: true));
        Assert.Equal((1, 2, 0, 1, 1), Counts);
    }

    [Fact]
    public void Put_OfTheSameValue_CountsThatValue()
    {
        _replica.Do(Requests.Put("k", "four"));
        _replica.Do(Requests.Put("k", "", ignoreValue: true));
        Assert.Equal((2, 10, 0, 1, 1), Counts);
    }

    [Fact]
    public void Put_OfTheSameValueWhereThereIsNone_OnlyLooks()
    {
        _replica.Do(Requests.Put("k", "", ignoreValue: true));
        Assert.Equal((0, 0, 0, 1, 0), Counts);
    }

    [Fact]
    public void Delete_IsOneDelete_WhateverItFinds()
    {
        _replica.Do(Requests.Put("a1", ""));
        _replica.Do(Requests.Put("a2", ""));
        _replica.Do(Requests.Delete("a", "b"));
        _replica.Do(Requests.Delete("a", "b"));
        Assert.Equal((2, 4, 2, 0, 0), Counts);
        _replica.Do(Requests.Delete("a", prev: true));
        Assert.Equal((2, 4, 3, 1, 1), Counts);
    }

    [Fact]
    public void Txn_CountsItsOperations_AndItselfFromTwoOn()
    {
        _replica.Do(Requests.Txn([], [Requests.Put("a", "1")]));
        Assert.Equal((1, 2, 0, 0, 0), Counts);
        _replica.Do(Requests.Txn([], [Requests.Put("a", "1"), Requests.Range("a"), Requests.Delete("b")]));
        Assert.Equal((2, 4, 1, 1, 1), Counts);
    }

    [Fact]
    public void Txn_ComparesAreATransactionBeforeIt()
    {
        _replica.Do(Requests.Txn([Requests.VersionIs("a", 0)], [Requests.Put("a", "1")]));
        Assert.Equal((1, 2, 0, 1, 0), Counts);
        _replica.Do(Requests.Txn([Requests.VersionIs("a", 1), Requests.VersionIs("a", 7)], [], [Requests.Put("a", "1")]));
        Assert.Equal((2, 4, 0, 3, 1), Counts);
        // What comes after a compare that does not hold is not looked at.
        _replica.Do(Requests.Txn([Requests.VersionIs("a", 7), Requests.VersionIs("a", 2)], [], [Requests.Put("a", "1")]));
        Assert.Equal((3, 6, 0, 4, 1), Counts);
    }

    [Fact]
    public void Compaction_Reads()
    {
        _replica.Put("a", "1");
        _replica.Compact(2);
        _replica.Compact(2);
        Assert.Equal((1, 2, 0, 1, 0), Counts);
    }

    [Fact]
    public void Lease_EndsWithItsKeys()
    {
        var ttls = new List<long>();
        _replica.Machine.Counts.OnGranted = ttls.Add;
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 60 });
        _replica.Put("a", "1", lease: 5);
        _replica.Put("b", "1", lease: 5);
        _replica.Do(new LeaseRevokeRequest { ID = 5 });
        _replica.Do(new LeaseRevokeRequest { ID = 5 });
        Assert.Equal((2, 4, 2, 0, 1), Counts);
        Assert.Equal((1, 1), (_replica.Machine.Counts.LeasesGranted, _replica.Machine.Counts.LeasesRevoked));
        Assert.Equal([60], ttls);
    }

    [Fact]
    public void Retry_CountsOnce()
    {
        var put = Requests.Put("k", "v").ToByteArray();
        _replica.Apply(Storage.Contracts.CommandKind.Put, put, _replica.Session, 1, 1);
        _replica.Apply(Storage.Contracts.CommandKind.Put, put, _replica.Session, 1, 1);
        Assert.Equal((1, 2, 0, 0, 0), Counts);
    }

    [Fact]
    public void ReadOnlyTxn_TellsItsOperations()
    {
        var txn = Requests.Txn([Requests.VersionIs("a", 0), Requests.VersionIs("b", 0)], [Requests.Range("a"), Requests.Txn([], [Requests.Range("b")])]);
        StateReads.Txn(_replica.State, txn.ToByteArray(), out var operations);
        Assert.Equal(4, operations);
    }
}
