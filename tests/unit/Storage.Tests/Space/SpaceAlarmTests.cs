using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.State;
using Storage.Tests.Harness;

namespace Storage.Tests.Space;

/// <summary>Goal: alarms that a replica raises, and clears again, leave those raised by hand alone. Method: a state machine driven by hand.</summary>
public sealed class SpaceAlarmTests
{
    private const ulong Member = 42;

    private readonly Replica _replica = new();

    [Fact]
    public void Raised_ByItself_RefusesPutsAndIsClearedByItself()
    {
        Space(exceeded: true);
        Assert.Equal(StorageError.NoSpace, _replica.Do(Requests.Put("a", "1")).Error);
        Assert.Equal([(Member, AlarmSet.NoSpace)], _replica.State.Current.Alarms);
        Space(exceeded: false);
        Assert.Empty(_replica.State.Current.Alarms);
        Assert.Equal(StorageError.None, _replica.Do(Requests.Put("a", "1")).Error);
    }

    [Fact]
    public void Raised_ByHand_IsNotClearedByItself()
    {
        ByHand(AlarmRequest.Types.AlarmAction.Activate);
        Space(exceeded: true);
        Assert.Empty(_replica.State.Current.AutomaticAlarms);
        Space(exceeded: false);
        Assert.Equal([(Member, AlarmSet.NoSpace)], _replica.State.Current.Alarms);
    }

    [Fact]
    public void Raised_ByItselfThenByHand_NeedsAHand()
    {
        Space(exceeded: true);
        ByHand(AlarmRequest.Types.AlarmAction.Activate);
        Space(exceeded: false);
        Assert.Single(_replica.State.Current.Alarms);
        ByHand(AlarmRequest.Types.AlarmAction.Deactivate);
        Assert.Empty(_replica.State.Current.Alarms);
    }

    [Fact]
    public void Disarmed_ByHand_IsGoneWhoeverRaisedIt()
    {
        Space(exceeded: true);
        ByHand(AlarmRequest.Types.AlarmAction.Deactivate);
        Assert.Empty(_replica.State.Current.Alarms);
        Assert.Empty(_replica.State.Current.AutomaticAlarms);
    }

    [Fact]
    public void AfterRestart_TheMarkIsStillThere()
    {
        Space(exceeded: true);
        _replica.Do(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 7, Alarm = AlarmType.Nospace });
        _replica.Commit();
        var restarted = _replica.AfterCrash([]);
        Assert.Equal([7, Member], restarted.State.Current.Alarms.Select(static alarm => alarm.MemberId));
        Assert.Equal([Member], restarted.State.Current.AutomaticAlarms);
    }

    [Fact]
    public void NoSpace_V2_RefusesWhatFillsAndTakesDeletes()
    {
        Assert.Equal(StorageError.None, _replica.Do(new V2Write { Path = "/a", Value = Requests.Utf8("1") }).Error);
        Space(exceeded: true);
        Assert.Equal(StorageError.NoSpace, _replica.Do(new V2Write { Path = "/b", Value = Requests.Utf8("1") }).Error);
        Assert.Equal(StorageError.None, _replica.Do(new V2Write { Operation = V2Write.Types.Operation.Delete, Path = "/a" }).Error);
    }

    [Fact]
    public void Corrupt_AlarmsOfSpaceStillChange()
    {
        _replica.Do(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 7, Alarm = AlarmType.Corrupt });
        Space(exceeded: true);
        Assert.Equal(2, _replica.State.Current.Alarms.Count);
    }

    private void Space(bool exceeded) => Assert.Equal(
        StorageError.None, _replica.Apply(CommandKind.SpaceAlarm, new SpaceAlarm { Member = Member, Exceeded = exceeded }.ToByteArray()).Error);

    private void ByHand(AlarmRequest.Types.AlarmAction action) =>
        _replica.Do(new AlarmRequest { Action = action, MemberID = Member, Alarm = AlarmType.Nospace });
}
