using System.Buffers.Binary;
using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Tests.Harness;

namespace Storage.Tests.Apply;

/// <summary>Goal: the rules of leases and alarms. Method: one scenario per rule.</summary>
public sealed class LeaseAndAlarmTests
{
    private readonly Replica _replica = new();

    [Fact]
    public void Grant_NewId_AnswersIdAndTtlWithoutRevision()
    {
        var response = _replica.Ok<LeaseGrantResponse>(new LeaseGrantRequest { ID = -5, TTL = 60 });
        Assert.Equal((-5, 60), (response.ID, response.TTL));
        Assert.Equal(1, _replica.State.Current.Revision);
        Assert.Equal(StorageError.LeaseExists, _replica.Do(new LeaseGrantRequest { ID = -5, TTL = 60 }).Error);
    }

    [Fact]
    public void Revoke_Unknown_IsLeaseNotFound() =>
        Assert.Equal(StorageError.LeaseNotFound, _replica.Do(new LeaseRevokeRequest { ID = 9 }).Error);

    [Fact]
    public void Revoke_WithKeys_DeletesThemInKeyOrderAtOneRevision()
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 60 });
        foreach (var key in (string[])["c", "a", "b"])
            _replica.Put(key, "1", lease: 5);
        _replica.Put("d", "1");
        Assert.Equal(6, _replica.Do(new LeaseRevokeRequest { ID = 5 }).Revision);
        var events = HistoryReader.Read(_replica.State, new KeyRange([0], [0]), 6, 100, 10_000).Revisions.Single().Events;
        Assert.Equal("abc", string.Concat(events.Select(static change => (char)change.Key.Span[0])));
        Assert.Equal("d=1 c5 m5 v1 l0", _replica.Dump());
        Assert.Null(_replica.State.Current.Leases.KeysOf(5));
    }

    [Fact]
    public void Revoke_WithoutKeys_TakesNoRevision()
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 60 });
        Assert.Equal(1, _replica.Do(new LeaseRevokeRequest { ID = 5 }).Revision);
    }

    [Fact]
    public void DeletedKey_LeavesItsLease()
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 60 });
        _replica.Put("a", "1", lease: 5);
        _replica.Do(Requests.Delete("a"));
        Assert.Empty(_replica.State.Current.Leases.KeysOf(5)!);
    }

    [Fact]
    public void Expire_CurrentEpoch_RevokesEachLeaseAtARevisionOfItsOwn()
    {
        foreach (var id in (long[])[1, 2, 3])
        {
            _replica.Do(new LeaseGrantRequest { ID = id, TTL = 60 });
            _replica.Put($"k{id}", "1", lease: id);
        }
        var claim = _replica.Do(new LeaseClaim { Manager = "m" });
        Assert.Equal((1UL, 1), (BinaryPrimitives.ReadUInt64LittleEndian(claim.Body.Span), claim.Detail));
        var expired = _replica.Do(new LeaseExpire { Epoch = 1, Ids = { 1, 3, 99 }, KnownIndex = _replica.Machine.AppliedIndex.Value });
        Assert.Equal((StorageError.None, 6), (expired.Error, expired.Revision));
        Assert.Equal("k2=1 c3 m3 v1 l2", _replica.Dump());
    }

    [Fact]
    public void Expire_StaleEpoch_IsRefusedWhole()
    {
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });
        _replica.Do(new LeaseClaim { Manager = "m" });
        _replica.Do(new LeaseClaim { Manager = "n" });
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseExpire { Epoch = 1, Ids = { 1 }, KnownIndex = ulong.MaxValue }).Error);
        Assert.NotNull(_replica.State.Current.Leases.KeysOf(1));
    }

    [Fact]
    public void Expire_LeaseGrantedAfterTheManagerLooked_IsLeftAlone()
    {
        _replica.Do(new LeaseClaim { Manager = "m" });
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });
        _replica.Do(new LeaseGrantRequest { ID = 2, TTL = 60 });
        var known = _replica.Machine.AppliedIndex.Value;
        _replica.Do(new LeaseRevokeRequest { ID = 1 });
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });
        _replica.Put("a", "1", lease: 1);
        var expire = new LeaseExpire { Epoch = 1, Ids = { 1, 2 }, KnownIndex = known };

        // The index of the grant outlives a restart.
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.Equal(StorageError.None, restarted.Do(expire).Error);
        Assert.Equal([new LeaseChange(1, 60, false)], restarted.State.Current.Leases.All());
        Assert.Equal("a=1 c2 m2 v1 l1", restarted.Dump());

        expire.KnownIndex = restarted.Machine.AppliedIndex.Value;
        Assert.Equal(StorageError.None, restarted.Do(expire).Error);
        Assert.Empty(restarted.State.Current.Leases.All());
        Assert.Equal("", restarted.Dump());
    }

    [Fact]
    public void Leases_AfterRestart_KeepKeysAndEpoch()
    {
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });
        _replica.Do(new LeaseClaim { Manager = "m" });
        _replica.Put("a", "1", lease: 1);
        _replica.Put("b", "1", lease: 1);
        _replica.Put("b", "1");
        _replica.Commit();
        var leases = _replica.AfterCrash([]).State.Current.Leases;
        Assert.Equal([new LeaseChange(1, 60, false)], leases.All());
        Assert.Equal("a"u8.ToArray(), leases.KeysOf(1)!.Single());
        Assert.Equal(1UL, leases.Epoch);
    }

    [Fact]
    public void NoSpaceAlarm_BlocksPutsAndGrantsOnly()
    {
        _replica.Put("a", "1");
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });
        var raised = _replica.Ok<AlarmResponse>(Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.Nospace));
        Assert.Equal(new AlarmMember { MemberID = 42, Alarm = AlarmType.Nospace }, raised.Alarms.Single());
        Assert.Equal(StorageError.NoSpace, _replica.Do(Requests.Put("b", "1")).Error);
        Assert.Equal(StorageError.NoSpace, _replica.Do(Requests.Txn([], [], [Requests.Put("b", "1")])).Error);
        Assert.Equal(StorageError.NoSpace, _replica.Do(new LeaseGrantRequest { ID = 2, TTL = 60 }).Error);
        Assert.Equal(StorageError.None, _replica.Do(Requests.Txn([], [Requests.Range("a")])).Error);
        Assert.Equal(StorageError.None, _replica.Do(Requests.Delete("a")).Error);
        Assert.Equal(StorageError.None, _replica.Do(new LeaseRevokeRequest { ID = 1 }).Error);
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.Equal(StorageError.NoSpace, restarted.Do(Requests.Put("b", "1")).Error);
        Assert.Single(restarted.Ok<AlarmResponse>(Alarm(AlarmRequest.Types.AlarmAction.Deactivate, AlarmType.Nospace)).Alarms);
        Assert.Empty(restarted.Ok<AlarmResponse>(Alarm(AlarmRequest.Types.AlarmAction.Deactivate, AlarmType.Nospace)).Alarms);
        Assert.Equal(StorageError.None, restarted.Do(Requests.Put("b", "1")).Error);
    }

    [Fact]
    public void CorruptAlarm_BlocksEveryWriteButAlarms()
    {
        _replica.Do(Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.Corrupt));
        Assert.Equal(StorageError.Corrupt, _replica.Do(Requests.Put("b", "1")).Error);
        Assert.Equal(StorageError.Corrupt, _replica.Do(Requests.Delete("b")).Error);
        Assert.Equal(StorageError.Corrupt, _replica.Compact(1));
        _replica.Do(Alarm(AlarmRequest.Types.AlarmAction.Deactivate, AlarmType.Corrupt));
        Assert.Equal(StorageError.None, _replica.Do(Requests.Put("b", "1")).Error);
    }

    [Fact]
    public void Alarm_TypeNone_DoesNothing()
    {
        Assert.Empty(_replica.Ok<AlarmResponse>(Alarm(AlarmRequest.Types.AlarmAction.Activate, AlarmType.None)).Alarms);
        Assert.Empty(_replica.State.Current.Alarms);
    }

    private static AlarmRequest Alarm(AlarmRequest.Types.AlarmAction action, AlarmType type) => new() { Action = action, MemberID = 42, Alarm = type };
}
