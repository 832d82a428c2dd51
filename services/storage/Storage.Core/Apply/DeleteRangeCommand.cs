using System.Buffers;
using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>etcdserverpb.DeleteRangeRequest, parsed in place. The answer is DeleteRangeResponse: deleted 2, prev_kvs 3.</summary>
internal readonly ref struct DeleteRangeCommand
{
    private readonly KeyRange _range;
    private readonly bool _previous;

    private DeleteRangeCommand(KeyRange range, bool previous)
    {
        _range = range;
        _previous = previous;
    }

    public KeyRange Range => _range;

    public bool WantsPrevious => _previous;

    /// <summary>Reads a request; false when the bytes are none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> request, out DeleteRangeCommand delete)
    {
        ReadOnlySpan<byte> key = default, end = default;
        var previous = false;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Bytes; break;
                case 2: end = reader.Bytes; break;
                case 3: previous = reader.Varint != 0; break;
                default: break;
            }
        }
        delete = new DeleteRangeCommand(new KeyRange(key, end), previous);
        return !reader.Malformed && !key.IsEmpty;
    }

    /// <summary>Applies a request that stands alone.</summary>
    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(request, out var delete))
            return new Reply(StorageError.Malformed);
        var body = machine.NewBody();
        delete.Write(machine, body);
        return Reply.Of(body);
    }

    /// <summary>Deletes in key order; the response's fields behind the header go to <paramref name="body"/>.</summary>
    public void Write(StateMachine machine, IBufferWriter<byte> body)
    {
        var store = machine.Store;
        machine.Counts.Delete();
        if (_previous)
            machine.Counts.Range();
        var source = store.Peek();
        var doomed = new List<(byte[] Key, Revision Revision)>();
        var keys = LiveKeys.In(source.Keys, _range, source.Revision);
        while (keys.MoveNext())
            doomed.Add((keys.Key.ToArray(), keys.Revision));

        body.WriteInt64(2, doomed.Count);
        if (_previous)
        {
            foreach (var (_, revision) in doomed)
            {
                body.WriteMessage(3, source.Records.Read(revision));
                machine.RequireRecord(source.Records.MissedRecord, revision);
            }
        }
        foreach (var (key, _) in doomed)
            store.Delete(key);
    }
}
