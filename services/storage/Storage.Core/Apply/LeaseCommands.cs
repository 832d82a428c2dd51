using System.Buffers.Binary;
using EtcdApi.Wire;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>Grant, revoke, claim, expire.</summary>
internal static class LeaseCommands
{
    /// <summary>etcdserverpb.LeaseGrantRequest: TTL 1, ID 2, both decided. The answer is LeaseGrantResponse: ID 2, TTL 3.</summary>
    public static Reply Grant(StateMachine machine, ReadOnlySpan<byte> request)
    {
        long ttl = 0, id = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                ttl = (long)reader.Varint;
            else if (reader.Field == 2)
                id = (long)reader.Varint;
        }
        if (reader.Malformed || id == 0)
            return new Reply(StorageError.Malformed);
        if (machine.Alarms.HasNoSpace)
            return new Reply(StorageError.NoSpace);
        if (machine.Leases.Contains(id))
            return new Reply(StorageError.LeaseExists);
        machine.Leases.Grant(id, ttl, machine.AppliedIndex);
        var body = new BodyBuffer();
        body.WriteInt64(2, id);
        body.WriteInt64(3, ttl);
        return new Reply(StorageError.None, body.Written);
    }

    /// <summary>etcdserverpb.LeaseRevokeRequest: ID 1. The answer has no fields behind the header.</summary>
    public static Reply Revoke(StateMachine machine, ReadOnlySpan<byte> request)
    {
        long id = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                id = (long)reader.Varint;
        }
        if (reader.Malformed)
            return new Reply(StorageError.Malformed);
        if (!machine.Leases.Contains(id))
            return new Reply(StorageError.LeaseNotFound);
        End(machine, id);
        return Reply.Ok;
    }

    /// <summary>A lease manager takes over: every claim is a new epoch, and expiries of earlier ones are refused from here on.</summary>
    public static Reply Claim(StateMachine machine)
    {
        var epoch = ++machine.Leases.Epoch;
        var body = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(body, epoch);
        return new Reply(StorageError.None, body, unchecked((int)epoch));
    }

    /// <summary>
    /// Storage.Contracts.Commands.LeaseExpire: epoch 1, ids 2, known_index 3. Each lease ends at a revision of its own; passed over are unknown ids,
    /// and leases granted after the manager looked: those are others under the same id, and their time has only begun (I7).
    /// </summary>
    public static Reply Expire(StateMachine machine, ReadOnlySpan<byte> request)
    {
        Contracts.Commands.LeaseExpire expire;
        try
        {
            expire = Contracts.Commands.LeaseExpire.Parser.ParseFrom(request);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return new Reply(StorageError.Malformed);
        }
        if (expire.Epoch != machine.Leases.Epoch)
            return new Reply(StorageError.StaleLeaseEpoch);
        foreach (var id in expire.Ids)
        {
            if (machine.Leases.Find(id) is { } lease && lease.GrantedAt.Value <= expire.KnownIndex)
                End(machine, id);
        }
        return Reply.Ok;
    }

    // All keys go in key order, at one revision (I7).
    private static void End(StateMachine machine, long id)
    {
        foreach (var key in machine.Leases.KeysOf(id))
            machine.Store.Delete(key);
        machine.EndRevision();
        machine.Leases.Remove(id);
    }
}
