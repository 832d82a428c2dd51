using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.History;
using Storage.Core.State;
using Storage.Core.V2;

namespace Storage.Core.Apply;

/// <summary>V2Write and V2Expire of Storage.Contracts.Commands.</summary>
internal static class V2Commands
{
    public static Reply Write(StateMachine machine, ReadOnlySpan<byte> request, long nowUnixNanos, ApplySpan? span)
    {
        V2Write write;
        try
        {
            write = V2Write.Parser.ParseFrom(request);
        }
        catch (InvalidProtocolBufferException)
        {
            return new Reply(StorageError.Malformed);
        }
        var path = write.Path;
        if (!path.StartsWith('/') || (path.Length > 1 && path.EndsWith('/')) || V2Path.Depth(path) > V2Path.MaxDepth)
            return new Reply(StorageError.Malformed);
        // The file is shared: what would fill it further is refused here as in v3. Deletes are what helps; users and roles are no part of the bargain there either.
        if (machine.Alarms.HasNoSpace && !V2Internal.Contains(path) && write.Operation is not (V2Write.Types.Operation.Delete or V2Write.Types.Operation.CompareAndDelete))
            return new Reply(StorageError.NoSpace);
        var reply = machine.V2.Write(write, nowUnixNanos, span);
        if (!V2Internal.Contains(path))
            machine.Counts.V2.Wrote(write.Operation, reply);
        return reply;
    }

    public static Reply Expire(StateMachine machine, ReadOnlySpan<byte> request, ApplySpan? span)
    {
        try
        {
            var before = machine.V2.Index;
            var reply = machine.V2.Expire(V2Expire.Parser.ParseFrom(request).NowUnixNanos, span);
            machine.Counts.V2.Expired(machine.V2.Index - before);
            return reply;
        }
        catch (InvalidProtocolBufferException)
        {
            return new Reply(StorageError.Malformed);
        }
    }
}
