using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using EtcdApi.Wire;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Core.Apply;

/// <summary>Grant and revoke, and what a lease manager proposes: claim and its signs of life, checkpoints, expiry.</summary>
internal static class LeaseCommands
{
    /// <summary>etcdserverpb.LeaseGrantRequest: TTL 1, ID 2, both decided, and the most leases there may be. The answer is LeaseGrantResponse: ID 2, TTL 3.</summary>
    public static Reply Grant(StateMachine machine, ReadOnlySpan<byte> request)
    {
        long ttl = 0, id = 0, most = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                ttl = (long)reader.Varint;
            else if (reader.Field == 2)
                id = (long)reader.Varint;
            else if (reader.Field == LeaseGrantFields.MostLeases)
                most = (long)reader.Varint;
        }
        if (reader.Malformed || id == 0)
            return new Reply(StorageError.Malformed);
        if (machine.Alarms.HasNoSpace)
            return new Reply(StorageError.NoSpace);
        if (machine.Leases.Contains(id))
            return new Reply(StorageError.LeaseExists);
        if (most > 0 && machine.Leases.Count >= most)
            return new Reply(StorageError.TooManyLeases);
        machine.Leases.Grant(id, ttl, machine.AppliedIndex.Value);
        machine.Counts.Granted(ttl);
        var body = new BodyBuffer();
        body.WriteInt64(2, id);
        body.WriteInt64(3, ttl);
        return new Reply(StorageError.None, body.Written);
    }

    /// <summary>etcdserverpb.LeaseRevokeRequest: ID 1.</summary>
    public static bool TryReadRevoke(ReadOnlySpan<byte> request, out long id)
    {
        id = 0;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                id = (long)reader.Varint;
        }
        return !reader.Malformed;
    }

    /// <summary>The answer has no fields behind the header.</summary>
    public static Reply Revoke(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryReadRevoke(request, out var id))
            return new Reply(StorageError.Malformed);
        if (!machine.Leases.Contains(id))
            return new Reply(StorageError.LeaseNotFound);
        End(machine, id, isExpiry: false);
        return Reply.Ok;
    }

    /// <summary>
    /// Storage.Contracts.Commands.LeaseClaim. A lease manager takes over: every claim is a new epoch, and whatever carries an earlier one is refused from here on.
    /// </summary>
    public static Reply Claim(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(Contracts.Commands.LeaseClaim.Parser, request, out var claim))
            return new Reply(StorageError.Malformed);
        var current = machine.Leases.Claim;
        if (claim.HasReplaces && (claim.Replaces != current.Epoch || claim.HeldIndex != current.HeldAt.Value))
            return new Reply(StorageError.StaleLeaseEpoch);
        var epoch = current.Epoch + 1;
        machine.Leases.Claim = current with { Epoch = epoch, HeldAt = machine.AppliedIndex, IsReleased = false };
        var body = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(body, epoch);
        return new Reply(StorageError.None, body, unchecked((int)epoch));
    }

    /// <summary>Storage.Contracts.Commands.LeaseHold.</summary>
    public static Reply Hold(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(Contracts.Commands.LeaseHold.Parser, request, out var hold))
            return new Reply(StorageError.Malformed);
        var current = machine.Leases.Claim;
        // What was given up stays so: only a new claim follows.
        if (hold.Epoch != current.Epoch || current.IsReleased)
            return new Reply(StorageError.StaleLeaseEpoch);
        machine.Leases.Claim = current with { HeldAt = machine.AppliedIndex, IsReleased = hold.Released };
        return Reply.Ok;
    }

    /// <summary>Storage.Contracts.Commands.LeaseStandby.</summary>
    public static Reply Standby(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(Contracts.Commands.LeaseStandby.Parser, request, out _))
            return new Reply(StorageError.Malformed);
        machine.Leases.Claim = machine.Leases.Claim with { StandbyAt = machine.AppliedIndex };
        return Reply.Ok;
    }

    /// <summary>Storage.Contracts.Commands.LeaseCheckpoints. Unknown ids, and leases granted after the manager last looked, are passed over.</summary>
    public static Reply Checkpoint(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(Contracts.Commands.LeaseCheckpoints.Parser, request, out var checkpoint) || checkpoint.Ids.Count != checkpoint.RemainingSeconds.Count)
            return new Reply(StorageError.Malformed);
        if (checkpoint.Epoch != machine.Leases.Claim.Epoch)
            return new Reply(StorageError.StaleLeaseEpoch);
        for (var i = 0; i < checkpoint.Ids.Count; i++)
        {
            // More than the whole TTL is no remainder of it, nor is less than nothing.
            if (machine.Leases.Find(checkpoint.Ids[i]) is { } lease && lease.GrantedIndex <= checkpoint.KnownIndex)
                machine.Leases.Checkpoint(lease, Math.Clamp(checkpoint.RemainingSeconds[i], 0, lease.TtlSeconds));
        }
        return Reply.Ok;
    }

    /// <summary>
    /// Storage.Contracts.Commands.LeaseExpire. Each lease ends at a revision of its own; unknown ids, and leases granted after the manager last looked, are
    /// passed over.
    /// </summary>
    public static Reply Expire(StateMachine machine, ReadOnlySpan<byte> request)
    {
        if (!TryParse(Contracts.Commands.LeaseExpire.Parser, request, out var expire))
            return new Reply(StorageError.Malformed);
        if (expire.Epoch != machine.Leases.Claim.Epoch)
            return new Reply(StorageError.StaleLeaseEpoch);
        foreach (var id in expire.Ids)
        {
            if (machine.Leases.Find(id) is { } lease && lease.GrantedIndex <= expire.KnownIndex)
                End(machine, id, isExpiry: true);
        }
        return Reply.Ok;
    }

    private static bool TryParse<T>(MessageParser<T> parser, ReadOnlySpan<byte> request, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>
    {
        try
        {
            message = parser.ParseFrom(request);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            message = null;
            return false;
        }
    }

    // All keys go in key order, at one revision (I7).
    private static void End(StateMachine machine, long id, bool isExpiry)
    {
        foreach (var key in machine.Leases.KeysOf(id))
        {
            machine.Counts.Delete();
            machine.Store.Delete(key);
        }
        machine.Counts.End();
        machine.Counts.Revoked();
        machine.EndRevision(isExpiry);
        machine.Leases.Remove(id);
    }
}
