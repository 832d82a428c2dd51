using System.Text;
using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>
/// etcdserverpb.DowngradeRequest: action 1 (ENABLE 1, CANCEL 2), version 2, which the gateway has looked at. There is one job at a time, and the answer has no fields: the version in
/// it is the gateway's.
/// </summary>
internal static class DowngradeCommand
{
    private const ulong Enable = 1, Cancel = 2;

    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request)
    {
        ulong action = 0;
        ReadOnlySpan<byte> version = default;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                action = reader.Varint;
            else if (reader.Field == 2)
                version = reader.Bytes;
        }
        if (reader.Malformed)
            return new Reply(StorageError.Malformed);
        var isUnderWay = machine.Downgrade.Target.Length > 0;
        switch (action)
        {
            case Enable when version.IsEmpty:
                return new Reply(StorageError.Malformed);
            case Enable when isUnderWay:
                return new Reply(StorageError.DowngradeInProgress);
            case Enable:
                machine.Downgrade.Begin(Encoding.UTF8.GetString(version));
                return Reply.Ok;
            case Cancel when !isUnderWay:
                return new Reply(StorageError.NoDowngrade);
            case Cancel:
                machine.Downgrade.End();
                return Reply.Ok;
            default:
                return new Reply(StorageError.Malformed);
        }
    }
}
