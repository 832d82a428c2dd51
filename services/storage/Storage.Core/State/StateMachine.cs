using System.Diagnostics;
using Consensus.Contracts;
using Storage.Contracts;
using Storage.Core.Apply;
using Storage.Core.Auth;
using Storage.Core.Compaction;
using Storage.Core.History;
using Storage.Core.Leases;
using Storage.Core.Mapping;
using Storage.Core.Mvcc;
using Storage.Core.Reads;
using Storage.Core.Sessions;
using Storage.Core.Tree;
using Storage.Core.V2;

namespace Storage.Core.State;

/// <summary>
/// What commands mean. Applies the entries of the log in order, each exactly once (I2), and depends on nothing else (I3). Single owner;
/// readers get a <see cref="StateView"/> from <see cref="Freeze"/>.
/// </summary>
public sealed partial class StateMachine
{
    // What etcd's own bookkeeping in the v2 store takes before a user's first write: each member registers, and publishes its name; the first leader
    // writes the cluster's version.
    private const long V2IndexesPerMember = 2, V2IndexesPerCluster = 1;

    private readonly ITree _tree;
    private readonly SessionTable _sessions;
    private readonly PruneFloor _floor = new();
    private ApplySpan? _span;
    private long _nowUnixNanos;

    private StateMachine(ITree tree, StateMachineOptions options)
    {
        _tree = tree;
        Options = options;
        _sessions = new SessionTable(tree);
        Leases = new LeaseTable(tree);
        Store = new MvccStore(tree, Leases);
        Alarms = new AlarmSet(tree);
        Auth = new AuthTable(tree);
        Downgrade = new DowngradeJob(tree);
        V2 = new V2Tree(tree, options.InitialV2Index);
        Mapping = new KeyMapping(tree, Store, V2);
        Sweep = new CompactionSweep(tree, Store, _floor);
    }

    /// <summary>What it was opened with.</summary>
    public StateMachineOptions Options { get; }

    public LogIndex AppliedIndex { get; private set; }
    public Term AppliedTerm { get; private set; }

    /// <summary>Removal of what compactions made unreadable; the owner drives it between batches.</summary>
    public CompactionSweep Sweep { get; }

    /// <summary>What commands did; the owner may set it before the first, to go on counting where another machine stopped.</summary>
    public ApplyCounts Counts { get; set; } = new();

    /// <summary>Keys in the index, deleted ones that were not compacted included.</summary>
    public int KeyCount => Store.Keys.Count;

    internal MvccStore Store { get; }
    internal LeaseTable Leases { get; }
    internal AlarmSet Alarms { get; }
    internal AuthTable Auth { get; }
    internal DowngradeJob Downgrade { get; }
    internal V2Tree V2 { get; }
    internal KeyMapping Mapping { get; }

    /// <summary>
    /// Applies the next entry. False when it was applied before (a replay after a crash) or is no command with a result.
    /// </summary>
    /// <param name="entry">Its index must be at most one above <see cref="AppliedIndex"/>.</param>
    /// <param name="command">The decoded envelope of the entry's data; default when the entry is no command or cannot be read.</param>
    /// <param name="payload">What follows the envelope.</param>
    /// <param name="span">The span that applies it, handed on with its events; null when the command is not sampled.</param>
    /// <param name="result">The outcome, or the remembered one when the session proposed it before (I8).</param>
    public bool Apply(in Entry entry, in CommandEnvelope command, ReadOnlyMemory<byte> payload, ApplySpan? span, out CommandResult result)
    {
        result = default;
        if (entry.Index <= AppliedIndex)
            return false;
        Invariant.Holds(entry.Index.Value == AppliedIndex.Value + 1);
        AppliedIndex = entry.Index;
        AppliedTerm = entry.Term;
        if (entry.Kind == EntryKind.Configuration)
            ConfigurationRecord.Save(_tree, entry.Data.Span);
        if (entry.Kind == EntryKind.Configuration && entry.Index.Value == 1)
            Bootstrap(entry.Data.Span);
        if (entry.Kind != EntryKind.Command || command.Kind == CommandKind.None)
            return false;

        if (command.Session.Value == 0)
        {
            result = Execute(command, payload, span).ToResult(command.Session, command.Sequence);
            return true;
        }
        var session = _sessions.Use(command, entry.Index.Value);
        Outcome outcome;
        if (command.Sequence < session.Low)
            outcome = new Outcome(entry.Index, entry.Term, StorageError.OutcomeForgotten, Store.Revision, 0, default);
        else if (!session.TryRecall(command.Sequence, out outcome))
        {
            outcome = Execute(command, payload, span);
            session.Remember(command.Sequence, outcome);
        }
        result = outcome.ToResult(command.Session, command.Sequence);
        return true;
    }

    /// <summary>The state as it is now, for readers.</summary>
    public StateView Freeze()
    {
        return new StateView
        {
            AppliedIndex = AppliedIndex,
            AppliedTerm = AppliedTerm,
            Revision = Store.Revision,
            CompactRevision = Store.CompactRevision,
            Floor = _floor,
            Keys = Store.Keys,
            Hot = Store.FreezeHotTail(),
            Tree = _tree,
            Leases = Leases.Freeze(),
            Auth = Auth.Current,
            Alarms = Alarms.Current,
            AutomaticAlarms = Alarms.Automatic,
            DowngradeTarget = Downgrade.Target,
            V2 = V2.Freeze(),
            V2Prefix = Mapping.Prefix,
        };
    }

    /// <summary>Where a command writes its answer.</summary>
    internal BodyBuffer NewBody() => new(Options.MaxAnswerBytes);

    /// <summary>Ends a revision, in the middle of a command too: each expired lease has one of its own.</summary>
    /// <param name="isExpiry">What was deleted has come to its end by time.</param>
    internal void EndRevision(bool isExpiry = false)
    {
        Mapping.FollowV3(isExpiry, _nowUnixNanos, _span);
        Store.EndRevision(_span);
    }

    /// <summary>Stops the process when stored data is gone: going on would make this replica differ from the others (I11).</summary>
    internal void RequireRecord(bool missed, Revision revision)
    {
        if (missed)
            throw new RecordLostException($"revision {revision}, applying {AppliedIndex}");
    }

    // The first entry of a cluster's log says who its initial members are.
    private void Bootstrap(ReadOnlySpan<byte> configuration)
    {
        if (!ConfigurationFormat.TryDecode(configuration, out var initial))
            throw new InvalidDataException("the log begins with a configuration that this version cannot read");
        if (V2.IsUntouched)
            V2.Begin(InitialV2IndexOf(initial.Members.Length));
    }

    /// <summary>The v2 index that a cluster of so many initial members begins with.</summary>
    internal static long InitialV2IndexOf(int members) => (V2IndexesPerMember * members) + V2IndexesPerCluster;

    private Outcome Execute(in CommandEnvelope command, ReadOnlyMemory<byte> payload, ApplySpan? span)
    {
        _span = span;
        _nowUnixNanos = command.ProposedAtUnixNanos;
        Counts.Begin();
        var isV2 = command.Kind is CommandKind.V2Write or CommandKind.V2Expire;
        var reply = Alarms.HasCorrupt && command.Kind is not (CommandKind.Alarm or CommandKind.SpaceAlarm or CommandKind.MapV2)
            ? new Reply(StorageError.Corrupt)
            : DispatchAllowed(command, payload.Span, span);
        EndRevision();
        Counts.End();
        return new Outcome(AppliedIndex, AppliedTerm, reply.Error, isV2 ? V2.Index : Store.Revision, reply.Detail, reply.Body);
    }

    private Reply DispatchAllowed(in CommandEnvelope command, ReadOnlySpan<byte> payload, ApplySpan? span)
    {
        var access = new AccessCheck(Auth.Current, Leases.Attached, command.Caller);
        var refused = access.IsFree ? StorageError.None : access.Check(command.Kind, payload);
        return refused == StorageError.None ? Dispatch(command, payload, span) : new Reply(refused);
    }

    private Reply Dispatch(in CommandEnvelope command, ReadOnlySpan<byte> payload, ApplySpan? span) => command.Kind switch
    {
        CommandKind.Put => PutCommand.Apply(this, payload),
        CommandKind.DeleteRange => DeleteRangeCommand.Apply(this, payload),
        CommandKind.Txn => TxnCommand.Apply(this, payload),
        CommandKind.Compact => CompactCommand.Apply(this, payload),
        CommandKind.LeaseGrant => LeaseCommands.Grant(this, payload),
        CommandKind.LeaseRevoke => LeaseCommands.Revoke(this, payload),
        CommandKind.Alarm => AlarmCommand.Apply(this, payload),
        CommandKind.SpaceAlarm => SpaceAlarmCommand.Apply(this, payload),
        CommandKind.Downgrade => DowngradeCommand.Apply(this, payload),
        CommandKind.V2Write => V2Commands.Write(this, payload, command.ProposedAtUnixNanos, span),
        CommandKind.V2Expire => V2Commands.Expire(this, payload, span),
        CommandKind.MapV2 => MapV2Command.Apply(this, payload, command.ProposedAtUnixNanos, span),
        CommandKind.LeaseClaim => LeaseCommands.Claim(this, payload),
        CommandKind.LeaseExpire => LeaseCommands.Expire(this, payload),
        CommandKind.LeaseHold => LeaseCommands.Hold(this, payload),
        CommandKind.LeaseStandby => LeaseCommands.Standby(this, payload),
        CommandKind.LeaseCheckpoints => LeaseCommands.Checkpoint(this, payload),
        _ => AuthCommands.TryApply(Auth, command.Kind, payload, out var reply) ? reply : new Reply(StorageError.Malformed),
    };
}
