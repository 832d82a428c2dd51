using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Storage.Contracts.Auth;

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
    /// <summary>
    /// etcdserverpb.LeaseGrantRequest with ID and TTL already decided by the gateway, and field <see cref="LeaseGrantFields.MostLeases"/>
    /// </summary>
    LeaseGrant = 5,
    /// <summary>etcdserverpb.LeaseRevokeRequest</summary>
    LeaseRevoke = 6,
    /// <summary>etcdserverpb.AlarmRequest with action ACTIVATE or DEACTIVATE</summary>
    Alarm = 7,
    /// <summary>Storage.Contracts.Commands.SpaceAlarm</summary>
    SpaceAlarm = 8,
    /// <summary>etcdserverpb.DowngradeRequest with action ENABLE or CANCEL, the version of the former decided by the gateway</summary>
    Downgrade = 9,
    /// <summary>Storage.Contracts.Commands.V2Write</summary>
    V2Write = 16,
    /// <summary>Storage.Contracts.Commands.V2Expire</summary>
    V2Expire = 17,
    /// <summary>Storage.Contracts.Commands.MapV2</summary>
    MapV2 = 18,
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
    /// <summary>etcdserverpb.AuthEnableRequest</summary>
    AuthEnable = 32,
    /// <summary>etcdserverpb.AuthDisableRequest</summary>
    AuthDisable = 33,
    /// <summary>etcdserverpb.AuthStatusRequest</summary>
    AuthStatus = 34,
    /// <summary>etcdserverpb.AuthUserAddRequest, its password replaced by the hash</summary>
    UserAdd = 35,
    /// <summary>etcdserverpb.AuthUserGetRequest</summary>
    UserGet = 36,
    /// <summary>etcdserverpb.AuthUserListRequest</summary>
    UserList = 37,
    /// <summary>etcdserverpb.AuthUserDeleteRequest</summary>
    UserDelete = 38,
    /// <summary>etcdserverpb.AuthUserChangePasswordRequest, its password replaced by the hash</summary>
    UserChangePassword = 39,
    /// <summary>etcdserverpb.AuthUserGrantRoleRequest</summary>
    UserGrantRole = 40,
    /// <summary>etcdserverpb.AuthUserRevokeRoleRequest</summary>
    UserRevokeRole = 41,
    /// <summary>etcdserverpb.AuthRoleAddRequest</summary>
    RoleAdd = 42,
    /// <summary>etcdserverpb.AuthRoleGetRequest</summary>
    RoleGet = 43,
    /// <summary>etcdserverpb.AuthRoleListRequest</summary>
    RoleList = 44,
    /// <summary>etcdserverpb.AuthRoleDeleteRequest</summary>
    RoleDelete = 45,
    /// <summary>etcdserverpb.AuthRoleGrantPermissionRequest</summary>
    RoleGrantPermission = 46,
    /// <summary>etcdserverpb.AuthRoleRevokePermissionRequest</summary>
    RoleRevokePermission = 47,
    /// <summary>Storage.Contracts.Commands.AuthTokenKey</summary>
    AuthTokenKey = 48,
}

/// <summary>What a gateway adds to an etcdserverpb.LeaseGrantRequest.</summary>
public static class LeaseGrantFields
{
    /// <summary>Number of the field that says how many leases there may be with this one; 0 or none: any number.</summary>
    public const int MostLeases = 1000;
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
/// [ authRevision u64 | length u16 | user: UTF-8 ] when flags has FromUser
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
    private const int UserHeadBytes = 10;
    private const ushort Traced = 1, FromUser = 2, FromAnonymous = 4;

    /// <summary>On whose behalf it is proposed.</summary>
    public Caller Caller { get; init; }

    /// <summary>Encodes the envelope and the payload into one new array, the form in which the command is stored.</summary>
    public byte[] Encode(ReadOnlySpan<byte> payload)
    {
        var command = GC.AllocateUninitializedArray<byte>(GetSize(payload.Length));
        EncodeTo(command, payload);
        return command;
    }

    /// <summary>Bytes of the command that <see cref="EncodeTo"/> writes.</summary>
    public int GetSize(int payloadBytes) => FixedBytes + (IsTraced ? TraceBytes : 0) + UserBytes + payloadBytes;

    /// <summary>Encodes the envelope and the payload into <paramref name="span"/>, which is <see cref="GetSize"/> bytes long.</summary>
    public void EncodeTo(Span<byte> span, ReadOnlySpan<byte> payload)
    {
        var traced = IsTraced;
        var userBytes = UserBytes;
        span[0] = Version;
        span[1] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(span[2..], (ushort)((traced ? Traced : 0) | FlagOf(Caller.Kind)));
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
        if (userBytes > 0)
            WriteUser(span.Slice(FixedBytes + (traced ? TraceBytes : 0), userBytes));
        payload.CopyTo(span[^payload.Length..]);
    }

    private bool IsTraced => Trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);

    private int UserBytes => Caller.Kind == CallerKind.User ? UserHeadBytes + Encoding.UTF8.GetByteCount(Caller.User!) : 0;

    private static int FlagOf(CallerKind kind) => kind switch { CallerKind.User => FromUser, CallerKind.Anonymous => FromAnonymous, _ => 0 };

    private void WriteUser(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, Caller.AuthRevision);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], checked((ushort)(target.Length - UserHeadBytes)));
        Encoding.UTF8.GetBytes(Caller.User!, target[UserHeadBytes..]);
    }

    private static bool TryReadCaller(ReadOnlySpan<byte> span, ushort flags, out Caller caller, out int bytes)
    {
        bytes = 0;
        caller = (flags & FromAnonymous) != 0 ? Caller.Anonymous : Caller.Internal;
        if ((flags & FromUser) == 0)
            return true;
        if (span.Length < UserHeadBytes)
            return false;
        bytes = UserHeadBytes + BinaryPrimitives.ReadUInt16LittleEndian(span[8..]);
        if (span.Length < bytes)
            return false;
        caller = Caller.Of(Encoding.UTF8.GetString(span[UserHeadBytes..bytes]), BinaryPrimitives.ReadUInt64LittleEndian(span));
        return true;
    }

    /// <summary>Reads an envelope; false when the bytes are no command of a version this build knows.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> command, out CommandEnvelope envelope, out ReadOnlyMemory<byte> payload)
    {
        envelope = default;
        payload = default;
        var span = command.Span;
        if (span.Length < FixedBytes || span[0] != Version)
            return false;
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(span[2..]);
        var traced = (flags & Traced) != 0;
        var header = FixedBytes + (traced ? TraceBytes : 0);
        if (span.Length < header || !TryReadCaller(span[header..], flags, out var caller, out var userBytes))
            return false;
        header += userBytes;
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
                : default) { Caller = caller };
        payload = command[header..];
        return true;
    }
}
