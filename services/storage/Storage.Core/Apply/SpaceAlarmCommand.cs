using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>Storage.Contracts.Commands.SpaceAlarm: what one replica found out about its own file, made known to all (I3). The answer is empty.</summary>
internal static class SpaceAlarmCommand
{
    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request)
    {
        SpaceAlarm alarm;
        try
        {
            alarm = SpaceAlarm.Parser.ParseFrom(request);
        }
        catch (InvalidProtocolBufferException)
        {
            return new Reply(StorageError.Malformed);
        }
        if (alarm.Exceeded)
            machine.Alarms.ActivateByItself(alarm.Member);
        else
            machine.Alarms.DeactivateByItself(alarm.Member);
        return Reply.Ok;
    }
}
