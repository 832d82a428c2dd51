using System.Buffers;
using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.Mapping;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>etcdserverpb.PutRequest, parsed in place. The answer is PutResponse: prev_kv 2.</summary>
internal readonly ref struct PutCommand
{
    private readonly ReadOnlySpan<byte> _key;
    private readonly ReadOnlySpan<byte> _value;
    private readonly long _lease;
    private readonly bool _previous;
    private readonly bool _ignoreValue;
    private readonly bool _ignoreLease;

    private PutCommand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long lease, bool previous, bool ignoreValue, bool ignoreLease)
    {
        _key = key;
        _value = value;
        _lease = lease;
        _previous = previous;
        _ignoreValue = ignoreValue;
        _ignoreLease = ignoreLease;
    }

    public ReadOnlySpan<byte> Key => _key;

    /// <summary>The lease to attach to; 0: none.</summary>
    public long Lease => _lease;

    public bool WantsPrevious => _previous;

    /// <summary>Reads a request; false when the bytes are none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> request, out PutCommand put)
    {
        ReadOnlySpan<byte> key = default, value = default;
        long lease = 0;
        bool previous = false, ignoreValue = false, ignoreLease = false;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Bytes; break;
                case 2: value = reader.Bytes; break;
                case 3: lease = (long)reader.Varint; break;
                case 4: previous = reader.Varint != 0; break;
                case 5: ignoreValue = reader.Varint != 0; break;
                case 6: ignoreLease = reader.Varint != 0; break;
                default: break;
            }
        }
        put = new PutCommand(key, value, lease, previous, ignoreValue, ignoreLease);
        return !reader.Malformed && !key.IsEmpty;
    }

    /// <summary>Applies a request that stands alone.</summary>
    public static Reply Apply(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(request, out var put))
            return new Reply(StorageError.Malformed);
        if (machine.Alarms.HasNoSpace)
            return new Reply(StorageError.NoSpace);
        var error = put.Check(machine, machine.Mapping.NewCheck());
        if (error == StorageError.KeyNotFound)
            machine.Counts.Range();
        if (error != StorageError.None)
            return new Reply(error);
        if (!put._previous)
        {
            put.Write(machine, null);
            return Reply.Ok;
        }
        var body = new BodyBuffer();
        put.Write(machine, body);
        return new Reply(StorageError.None, body.Written);
    }

    /// <summary>Whether it can be applied to the state as it is.</summary>
    /// <param name="machine">Its state.</param>
    /// <param name="mapped">What the v2 tree says of the command; null: it has no part in v3.</param>
    public StorageError Check(StateMachine machine, MappedCheck? mapped)
    {
        if (LacksLease(machine))
            return StorageError.LeaseNotFound;
        return LacksKey(machine) ? StorageError.KeyNotFound : mapped?.Put(_key) ?? StorageError.None;
    }

    /// <summary>The same inside a txn, where etcd looks in the other order.</summary>
    public StorageError CheckInTxn(StateMachine machine, MappedCheck? mapped)
    {
        if (LacksKey(machine))
            return StorageError.KeyNotFound;
        return LacksLease(machine) ? StorageError.LeaseNotFound : mapped?.Put(_key) ?? StorageError.None;
    }

    private bool LacksLease(StateMachine machine) => _lease != 0 && !_ignoreLease && !machine.Leases.Contains(_lease);

    private bool LacksKey(StateMachine machine) => (_ignoreValue || _ignoreLease) && !machine.Store.Find(_key).IsLive;

    /// <summary>Writes; the response's fields behind the header go to <paramref name="body"/> when there is one.</summary>
    public void Write(StateMachine machine, IBufferWriter<byte>? body)
    {
        var store = machine.Store;
        if (!_previous && !_ignoreValue && !_ignoreLease)
        {
            machine.Counts.Put(_key.Length + _value.Length);
            store.Put(_key, _value, _lease);
            return;
        }
        machine.Counts.Range();
        var history = store.Find(_key);
        var value = _value;
        if (history.IsLive && (_ignoreValue || (_previous && body is not null)))
        {
            var source = store.Peek();
            var record = source.Records.Read(history.Modified);
            machine.RequireRecord(source.Records.MissedRecord, history.Modified);
            if (_previous)
                body?.WriteMessage(2, record);
            // The tree may move the record when the put changes it.
            if (_ignoreValue && KeyValueRecord.TryRead(record, out var row))
                value = row.Value.ToArray();
        }
        machine.Counts.Put(_key.Length + value.Length);
        store.Put(_key, value, _ignoreLease && history.IsLive ? history.Lease : _lease);
    }
}
