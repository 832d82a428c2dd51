using System.Buffers.Binary;
using System.Diagnostics;

namespace Storage.Contracts;

/// <summary>What a command does; decides how the payload behind the envelope is read.</summary>
public enum CommandKind : byte
{
    None = 0,
    /// <summary>etcdserverpb.PutRequest</summary>
    Put = 1,
    /// <summary>etcdserverpb.DeleteRangeRequest</summary>
    DeleteRange = 2,
    /// <summary>etcdserverpb.TxnRequest</summary>
    Txn = 3,
    /// <summary>etcdserverpb.CompactionRequest</summary>
    Compact = 4,
    /// <summary>etcdserverpb.LeaseGrantRequest with ID and TTL already decided by the gateway</summary>
    LeaseGrant = 5,
    /// <summary>etcdserverpb.LeaseRevokeRequest</summary>
    LeaseRevoke = 6,
    /// <summary>etcdserverpb.AlarmRequest with action ACTIVATE or DEACTIVATE</summary>
    Alarm = 7,
    /// <summary>Storage.Contracts.Commands.SpaceAlarm</summary>
    SpaceAlarm = 8,
    /// <summary>Storage.Contracts.Commands.V2Write</summary>
    V2Write = 16,
    /// <summary>Storage.Contracts.Commands.V2Expire</summary>
    V2Expire = 17,
    /// <summary>Storage.Contracts.Commands.LeaseClaim</summary>
    LeaseClaim = 24,
    /// <summary>Storage.Contracts.Commands.LeaseExpire</summary>
    LeaseExpire = 25,
    /// <summary>Storage.Contracts.Commands.LeaseHold</summary>
    LeaseHold = 26,
    /// <summary>Storage.Contracts.Commands.LeaseStandby</summary>
    LeaseStandby = 27,
    /// <summary>Storage.Contracts.Commands.LeaseCheckpoints</summary>
    LeaseCheckpoints = 28,
}

/// <summary>A proposer (a gateway or a lease manager), random and not 0. Sequences count up from 1 within it.</summary>
public readonly record struct SessionId(ulong Value)
{
    public override string ToString() => Value.ToString("x16");
}

/// <summary>
/// The fixed header in front of every command in the log:
/// <code>
/// version u8 | kind u8 | flags u16 | session u64 | sequence u64 | lowestPending u64 | proposedAt i64 (Unix ns)
/// [ trace: 16 bytes id, 8 bytes span ]            when flags has Traced
/// payload
/// </code>
/// All integers little-endian. Time enters the state machine only through <see cref="ProposedAtUnixNanos"/> (I3).
/// </summary>
public readonly record struct CommandEnvelope(
    CommandKind Kind, SessionId Session, ulong Sequence, ulong LowestPending, long ProposedAtUnixNanos, ActivityContext Trace)
{
    private const byte Version = 1;
    private const int FixedBytes = 36;
    private const int TraceBytes = 24;
    private const ushort Traced = 1;

    /// <summary>Encodes the envelope and the payload into one new array, the form in which the command is stored.</summary>
    public byte[] Encode(ReadOnlySpan<byte> payload)
    {
        var traced = Trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);
        var command = GC.AllocateUninitializedArray<byte>(FixedBytes + (traced ? TraceBytes : 0) + payload.Length);
        var span = command.AsSpan();
        span[0] = Version;
        span[1] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(span[2..], traced ? Traced : (ushort)0);
        BinaryPrimitives.WriteUInt64LittleEndian(span[4..], Session.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(span[12..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(span[20..], LowestPending);
        BinaryPrimitives.WriteInt64LittleEndian(span[28..], ProposedAtUnixNanos);
        if (traced)
        {
            // Each id fills the span it is given, so the span must be exactly as long as the id.
            Trace.TraceId.CopyTo(span.Slice(FixedBytes, 16));
            Trace.SpanId.CopyTo(span.Slice(FixedBytes + 16, 8));
        }
        payload.CopyTo(span[^payload.Length..]);
        return command;
    }

    /// <summary>Reads an envelope; false when the bytes are no command of a version this build knows.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> command, out CommandEnvelope envelope, out ReadOnlyMemory<byte> payload)
    {
        envelope = default;
        payload = default;
        var span = command.Span;
        if (span.Length < FixedBytes || span[0] != Version)
            return false;
        var traced = (BinaryPrimitives.ReadUInt16LittleEndian(span[2..]) & Traced) != 0;
        var header = FixedBytes + (traced ? TraceBytes : 0);
        if (span.Length < header)
            return false;
        envelope = new CommandEnvelope(
            (CommandKind)span[1],
            new SessionId(BinaryPrimitives.ReadUInt64LittleEndian(span[4..])),
            BinaryPrimitives.ReadUInt64LittleEndian(span[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(span[20..]),
            BinaryPrimitives.ReadInt64LittleEndian(span[28..]),
            traced
                ? new ActivityContext(
                    ActivityTraceId.CreateFromBytes(span.Slice(FixedBytes, 16)),
                    ActivitySpanId.CreateFromBytes(span.Slice(FixedBytes + 16, 8)),
                    ActivityTraceFlags.Recorded, isRemote: true)
                : default);
        payload = command[header..];
        return true;
    }
}
