using System.Diagnostics.CodeAnalysis;
using System.Text;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.History;
using Storage.Core.Mapping;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>
/// Storage.Contracts.Commands.MapV2, which every member that is told to asks for at its start: nothing happens when the prefix is in force. Otherwise what one side has is made on the
/// other, v2 files at a revision each, or v3 keys at an index each; when both have something, nobody could say which of the two is right. The answer is empty, or what stands in the way.
/// </summary>
internal static class MapV2Command
{
    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request, long nowUnixNanos, ApplySpan? span)
    {
        if (!TryParse(request, out var keys))
            return new Reply(StorageError.Malformed);
        if (machine.Mapping.Prefix is { } current)
            return current == keys.Prefix ? Reply.Ok : new Reply(StorageError.V2MappedElsewhere, Encoding.UTF8.GetBytes(current));
        if (machine.Alarms.HasCorrupt)
            return new Reply(StorageError.Corrupt);
        if (machine.Alarms.HasNoSpace)
            return new Reply(StorageError.NoSpace);

        var existing = LiveValues(machine, keys);
        var files = machine.V2.Files().Where(static file => MappedKeys.Maps(file.Path)).ToList();
        if (existing.Count > 0 && files.Count > 0)
            return new Reply(StorageError.V2MappingAmbiguous, existing[0].Key);
        var check = new MappedCheck(keys, machine.V2);
        foreach (var (key, _) in existing)
        {
            if (check.Put(key) is not StorageError.None and var error)
                return new Reply(error, key);
        }
        machine.Mapping.Begin(keys);
        foreach (var file in files)
            machine.Mapping.TakeIn(file, span);
        foreach (var (key, value) in existing)
            machine.Mapping.TakeIn(key, value, nowUnixNanos, span);
        return Reply.Ok;
    }

    private static bool TryParse(ReadOnlySpan<byte> request, [NotNullWhen(true)] out MappedKeys? keys)
    {
        keys = null;
        try
        {
            keys = new MappedKeys(MapV2.Parser.ParseFrom(request).Prefix.TrimEnd('/'));
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static List<(byte[] Key, byte[] Value)> LiveValues(StateMachine machine, MappedKeys mapped)
    {
        var found = new List<(byte[] Key, byte[] Value)>();
        var source = machine.Store.Peek();
        var keys = LiveKeys.In(source.Keys, mapped.Below("/"), source.Revision);
        while (keys.MoveNext())
        {
            Invariant.Holds(Mvcc.KeyValueRecord.TryRead(source.Records.Read(keys.Revision), out var record) || source.Records.MissedRecord);
            machine.RequireRecord(source.Records.MissedRecord, keys.Revision);
            found.Add((keys.Key.ToArray(), record.Value.ToArray()));
        }
        return found;
    }
}
