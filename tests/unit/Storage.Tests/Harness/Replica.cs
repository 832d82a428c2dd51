using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Core.State;

namespace Storage.Tests.Harness;

/// <summary>A state machine with a log of its own, driven by hand.</summary>
internal sealed class Replica
{
    public const long Second = 1_000_000_000;

    private readonly StateMachineOptions _options;
    private ulong _sequence;

    public Replica(MemoryTree? tree = null, StateMachineOptions? options = null)
    {
        Tree = tree ?? new MemoryTree();
        _options = options ?? new StateMachineOptions();
        Machine = StateMachine.Open(Tree, _options);
        State = new PublishedState(Machine.Freeze());
    }

    public MemoryTree Tree { get; }
    public StateMachine Machine { get; }
    public PublishedState State { get; }

    /// <summary>Every entry applied through <see cref="Apply(CommandKind, ReadOnlySpan{byte})"/>, to be replayed elsewhere.</summary>
    public List<Entry> Log { get; } = [];

    /// <summary>Clock that the next command carries.</summary>
    public long NowUnixNanos { get; set; } = 1_700_000_000 * Second;

    public SessionId Session { get; set; } = new(7);

    /// <summary>On whose behalf the next commands and reads come.</summary>
    public Caller Caller { get; set; }

    public CommandResult Apply(CommandKind kind, ReadOnlySpan<byte> payload) => Apply(kind, payload, Session, ++_sequence, _sequence);

    public CommandResult Apply(CommandKind kind, ReadOnlySpan<byte> payload, SessionId session, ulong sequence, ulong lowestPending)
    {
        var envelope = new CommandEnvelope(kind, session, sequence, lowestPending, NowUnixNanos, default) { Caller = Caller };
        var entry = new Entry(Machine.AppliedIndex.Next, new Term(2), EntryKind.Command, envelope.Encode(payload));
        Log.Add(entry);
        Assert.True(Replay(entry, out var result));
        return result;
    }

    public bool Replay(in Entry entry, out CommandResult result)
    {
        Assert.True(CommandEnvelope.TryDecode(entry.Data, out var command, out var payload));
        var applied = Machine.Apply(entry, command, payload, null, out result);
        State.Current = Machine.Freeze();
        return applied;
    }

    public CommandResult Do(IMessage request) => Apply(
        request switch
        {
            PutRequest => CommandKind.Put,
            DeleteRangeRequest => CommandKind.DeleteRange,
            TxnRequest => CommandKind.Txn,
            CompactionRequest => CommandKind.Compact,
            LeaseGrantRequest => CommandKind.LeaseGrant,
            LeaseRevokeRequest => CommandKind.LeaseRevoke,
            AlarmRequest => CommandKind.Alarm,
            DowngradeRequest => CommandKind.Downgrade,
            V2Write => CommandKind.V2Write,
            V2Expire => CommandKind.V2Expire,
            MapV2 => CommandKind.MapV2,
            LeaseClaim => CommandKind.LeaseClaim,
            LeaseExpire => CommandKind.LeaseExpire,
            LeaseHold => CommandKind.LeaseHold,
            LeaseStandby => CommandKind.LeaseStandby,
            LeaseCheckpoints => CommandKind.LeaseCheckpoints,
            AuthEnableRequest => CommandKind.AuthEnable,
            AuthDisableRequest => CommandKind.AuthDisable,
            AuthStatusRequest => CommandKind.AuthStatus,
            AuthUserAddRequest => CommandKind.UserAdd,
            AuthUserGetRequest => CommandKind.UserGet,
            AuthUserListRequest => CommandKind.UserList,
            AuthUserDeleteRequest => CommandKind.UserDelete,
            AuthUserChangePasswordRequest => CommandKind.UserChangePassword,
            AuthUserGrantRoleRequest => CommandKind.UserGrantRole,
            AuthUserRevokeRoleRequest => CommandKind.UserRevokeRole,
            AuthRoleAddRequest => CommandKind.RoleAdd,
            AuthRoleGetRequest => CommandKind.RoleGet,
            AuthRoleListRequest => CommandKind.RoleList,
            AuthRoleDeleteRequest => CommandKind.RoleDelete,
            AuthRoleGrantPermissionRequest => CommandKind.RoleGrantPermission,
            AuthRoleRevokePermissionRequest => CommandKind.RoleRevokePermission,
            AuthTokenKey => CommandKind.AuthTokenKey,
            _ => throw new ArgumentException("no command", nameof(request)),
        },
        request.ToByteArray());

    /// <summary>Applies and expects success; answers the parsed body.</summary>
    public T Ok<T>(IMessage request) where T : IMessage<T>, new()
    {
        var result = Do(request);
        Assert.Equal(StorageError.None, result.Error);
        var response = new T();
        response.MergeFrom(result.Body.Span);
        return response;
    }

    /// <summary>Puts and answers the revision.</summary>
    public long Put(string key, string value, long lease = 0)
    {
        var result = Do(Requests.Put(key, value, lease));
        Assert.Equal(StorageError.None, result.Error);
        return result.Revision;
    }

    public StorageError Compact(long revision) => Do(new CompactionRequest { Revision = revision }).Error;

    public RangeResponse Range(RangeRequest request)
    {
        var result = StateReads.Range(State, request.ToByteArray(), Caller);
        Assert.Equal(StorageError.None, result.Error);
        return RangeResponse.Parser.ParseFrom(result.Body.Span);
    }

    public StorageError RangeError(RangeRequest request) => StateReads.Range(State, request.ToByteArray(), Caller).Error;

    /// <summary>Everything in the key space at a revision, one line per key.</summary>
    public string Dump(long revision = 0) =>
        string.Join('\n', Range(new RangeRequest { Key = Requests.Utf8("\0"), RangeEnd = Requests.Utf8("\0"), Revision = revision }).Kvs.Select(Requests.Show));

    public void Commit()
    {
        if (Machine.BeginCommit() is not { } pending)
            return;
        pending.Commit.WriteTo(new NullDevice());
        Machine.CompleteCommit(pending);
        State.Current = Machine.Freeze();
    }

    public void Sweep(int step = 7)
    {
        while (Machine.Sweep.IsPending)
        {
            Machine.Sweep.Step(step);
            State.Current = Machine.Freeze();
        }
    }

    /// <summary>A new process on what the last completed commit left; the log is replayed.</summary>
    public Replica AfterCrash(IEnumerable<Entry> log)
    {
        var replica = new Replica(Tree.AfterCrash(), _options) { Session = Session, NowUnixNanos = NowUnixNanos };
        replica._sequence = _sequence;
        foreach (var entry in log)
            replica.Replay(entry, out _);
        return replica;
    }
}
