using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>etcdserverpb.AlarmRequest: action 1, memberID 2, alarm 3. The answer is AlarmResponse: the affected alarms 2.</summary>
internal static class AlarmCommand
{
    private const ulong Activate = 1, Deactivate = 2;

    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request)
    {
        ulong action = 0, member = 0;
        var type = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: action = reader.Varint; break;
                case 2: member = reader.Varint; break;
                case 3: type = (int)reader.Varint; break;
                default: break;
            }
        }
        if (reader.Malformed || action is not (Activate or Deactivate))
            return new Reply(StorageError.Malformed);
        if (type == 0)
            return Reply.Ok;
        if (action == Activate)
            machine.Alarms.Activate(member, type);
        else if (!machine.Alarms.Deactivate(member, type))
            return Reply.Ok;

        Span<byte> alarm = stackalloc byte[32];
        var writer = new ProtoWriter(alarm);
        writer.Varint(1, member);
        writer.Varint(2, (ulong)type);
        var body = new BodyBuffer();
        body.WriteMessage(2, alarm[..writer.Written]);
        return new Reply(StorageError.None, body.Written);
    }
}
