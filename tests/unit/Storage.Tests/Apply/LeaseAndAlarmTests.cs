using System.Buffers.Binary;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Core.Tree;
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
    public void Grant_OneMoreThanTheRequestAllows_IsRefusedUntilAnotherHasGone()
    {
        // Field 1000, a varint: 1.
        var mostOne = (byte[])[0xc0, 0x3e, 1];
        LeaseGrantRequest Grant(long id) => LeaseGrantRequest.Parser.ParseFrom([.. new LeaseGrantRequest { ID = id, TTL = 60 }.ToByteArray(), .. mostOne]);
        Assert.Equal(StorageError.None, _replica.Do(Grant(5)).Error);
        Assert.Equal(StorageError.TooManyLeases, _replica.Do(Grant(6)).Error);
        Assert.Equal(StorageError.LeaseExists, _replica.Do(Grant(5)).Error);
        _replica.Do(new LeaseRevokeRequest { ID = 5 });
        Assert.Equal(StorageError.None, _replica.Do(Grant(6)).Error);
        // A command of before there was a bound.
        Assert.Equal(StorageError.None, _replica.Do(new LeaseGrantRequest { ID = 7, TTL = 60 }).Error);
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
        var expired = _replica.Do(new LeaseExpire { Epoch = 1, KnownIndex = 100, Ids = { 1, 3, 99 } });
        Assert.Equal((StorageError.None, 6), (expired.Error, expired.Revision));
        Assert.Equal("k2=1 c3 m3 v1 l2", _replica.Dump());
    }

    [Fact]
    public void Expire_StaleEpoch_IsRefusedWhole()
    {
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });
        _replica.Do(new LeaseClaim { Manager = "m" });
        _replica.Do(new LeaseClaim { Manager = "n" });
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseExpire { Epoch = 1, KnownIndex = 100, Ids = { 1 } }).Error);
        Assert.NotNull(_replica.State.Current.Leases.KeysOf(1));
    }

    [Fact]
    public void Expire_LeaseGrantedAfterTheManagerLooked_IsLeftAlone()
    {
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });  // log index 1
        _replica.Do(new LeaseClaim { Manager = "m" });            // 2
        _replica.Do(new LeaseRevokeRequest { ID = 1 });           // 3
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 60 });  // 4
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.Equal(StorageError.None, restarted.Do(new LeaseExpire { Epoch = 1, KnownIndex = 3, Ids = { 1 } }).Error);
        Assert.NotNull(restarted.State.Current.Leases.KeysOf(1));
        restarted.Do(new LeaseExpire { Epoch = 1, KnownIndex = 4, Ids = { 1 } });
        Assert.Null(restarted.State.Current.Leases.KeysOf(1));
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
        Assert.Equal([new LeaseChange(1, 60, false) { GrantedAt = 1 }], leases.All());
        Assert.Equal("a"u8.ToArray(), leases.KeysOf(1)!.Single());
        Assert.Equal(1UL, leases.Claim.Epoch);
    }

    [Fact]
    public void Claim_OfOneThatIsSilent_IsMadeOnceAndNotAfterASignOfLife()
    {
        _replica.Do(new LeaseClaim { Manager = "m", Replaces = 0 });                     // log index 1
        _replica.Do(new LeaseStandby { Manager = "n" });                                 // 2
        Assert.Equal(new ClaimState(1, new(1), new(2), false), Claim);
        Assert.Equal(StorageError.None, _replica.Do(new LeaseHold { Epoch = 1 }).Error); // 3
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseClaim { Manager = "n", Replaces = 1, HeldIndex = 1 }).Error);
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseClaim { Manager = "n", Replaces = 0, HeldIndex = 3 }).Error);
        Assert.Equal(new ClaimState(1, new(3), new(2), false), Claim);
        Assert.Equal(StorageError.None, _replica.Do(new LeaseClaim { Manager = "n", Replaces = 1, HeldIndex = 3 }).Error); // 6
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseClaim { Manager = "o", Replaces = 1, HeldIndex = 3 }).Error);
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseHold { Epoch = 1 }).Error);
        Assert.Equal(new ClaimState(2, new(6), new(2), false), Claim);
        _replica.Commit();
        Assert.Equal(new ClaimState(2, new(6), new(2), false), _replica.AfterCrash([]).State.Current.Leases.Claim);
    }

    [Fact]
    public void Claim_GivenUp_StaysSoUntilTheNext()
    {
        _replica.Do(new LeaseClaim { Manager = "m" });
        _replica.Do(new LeaseHold { Epoch = 1, Released = true });
        Assert.True(Claim.IsReleased);
        Assert.Equal(StorageError.StaleLeaseEpoch, _replica.Do(new LeaseHold { Epoch = 1 }).Error);
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.True(restarted.State.Current.Leases.Claim.IsReleased);
        restarted.Do(new LeaseClaim { Manager = "n" });
        Assert.False(restarted.State.Current.Leases.Claim.IsReleased);
    }

    [Fact]
    public void Claim_StoredWithoutSignsOfLife_IsReadWithItsEpoch()
    {
        _replica.Do(new LeaseClaim { Manager = "m" });
        _replica.Commit();
        Assert.True(_replica.Tree.TryGet(TableId.Meta, "state"u8, out var record));
        // As it was before claims had signs of life: 11 numbers, the first of which is the format.
        var old = record[..88].ToArray();
        old[0] = 1;
        _replica.Tree.Put(TableId.Meta, "state"u8, old);
        var reopened = StateMachine.Open(_replica.Tree, new StateMachineOptions()).Freeze();
        Assert.Equal(new ClaimState(1, default, default, false), reopened.Leases.Claim);
        Assert.Equal(1UL, reopened.AppliedIndex.Value);
    }

    [Fact]
    public void Checkpoint_CurrentEpoch_IsKeptUntilItIsForgottenOrTheLeaseIsANewOne()
    {
        foreach (var id in (long[])[1, 2, 3])
            _replica.Do(new LeaseGrantRequest { ID = id, TTL = 600 });
        _replica.Do(new LeaseClaim { Manager = "m" });
        var done = _replica.Do(new LeaseCheckpoints { Epoch = 1, KnownIndex = 2, Ids = { 1, 2, 3, 99 }, RemainingSeconds = { 400, 900, 300, 1 } });
        Assert.Equal((StorageError.None, 1), (done.Error, done.Revision));
        // More than all of it is all of it; the third was granted after the manager looked.
        Assert.Equal([new LeaseChange(1, 600, false, 400) { GrantedAt = 1 }, new(2, 600, false, 600) { GrantedAt = 2 }, new(3, 600, false) { GrantedAt = 3 }], _replica.State.Current.Leases.All());
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.Equal(400, restarted.State.Current.Leases.All()[0].RemainingSeconds);
        restarted.Do(new LeaseCheckpoints { Epoch = 1, KnownIndex = 100, Ids = { 1 }, RemainingSeconds = { 0 } });
        Assert.Equal(0, restarted.State.Current.Leases.All()[0].RemainingSeconds);
        restarted.Do(new LeaseRevokeRequest { ID = 2 });
        restarted.Do(new LeaseGrantRequest { ID = 2, TTL = 600 });
        Assert.Equal(0, restarted.State.Current.Leases.All()[1].RemainingSeconds);
    }

    [Fact]
    public void Checkpoint_StaleEpochOrUnevenLists_IsRefused()
    {
        _replica.Do(new LeaseGrantRequest { ID = 1, TTL = 600 });
        _replica.Do(new LeaseClaim { Manager = "m" });
        Assert.Equal(
            StorageError.StaleLeaseEpoch, _replica.Do(new LeaseCheckpoints { KnownIndex = 100, Ids = { 1 }, RemainingSeconds = { 400 } }).Error);
        Assert.Equal(StorageError.Malformed, _replica.Do(new LeaseCheckpoints { Epoch = 1, KnownIndex = 100, Ids = { 1 } }).Error);
        Assert.Equal([new LeaseChange(1, 600, false) { GrantedAt = 1 }], _replica.State.Current.Leases.All());
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

    private ClaimState Claim => _replica.State.Current.Leases.Claim;

    private static AlarmRequest Alarm(AlarmRequest.Types.AlarmAction action, AlarmType type) => new() { Action = action, MemberID = 42, Alarm = type };
}
