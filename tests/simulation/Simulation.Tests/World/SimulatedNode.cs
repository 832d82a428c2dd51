using Consensus.Contracts;
using Consensus.Core.Membership;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Simulation.Checks;
using Simulation.Disk;

namespace Simulation.World;

/// <summary>
/// One process: the Raft core, the write-ahead log over a simulated disk, and a state machine, tied together as the shell ties them. While the disk syncs, what arrives
/// waits, or by the profile does not.
/// </summary>
internal sealed partial class SimulatedNode
{
    private readonly SimulatedWorld _world;
    private readonly Queue<Action<RaftNode>> _inbox = new();
    private readonly Queue<Entry> _unapplied = new();

    // Taken from the core, in order, and not stored yet.
    private readonly Queue<Ready> _toStore = new();
    private const int MaxToStore = 64;

    // What survives the process: the state machine's last durable state.
    private KvMachine _durable = new();
    private KvMachine _machine = new();
    private StorageReplica? _storage;
    private RaftNode? _raft;
    private WriteAheadLog? _wal;
    private LogIndex _published;
    private Departure _departure = new();
    private bool _hasTickWaiting;
    private bool _isApplyPlanned;
    private (Term Term, LogIndex Last)? _ledBefore;

    // The last term in which it voted for another one.
    private Term _votedIn;

    // The last term in which it committed something as the leader.
    private Term _committedIn;

    public SimulatedNode(SimulatedWorld world, MemberId id)
    {
        _world = world;
        Id = id;
        _storage = world.Profile.AppliesToStorage ? new StorageReplica() : null;
        Disk = new SimulatedLogDisk(world.Profile.SectorBytes) { SyncsAreLies = (world.Profile.ShellDefects & ShellDefects.SkipSync) != 0 };
    }

    public MemberId Id { get; }
    public SimulatedLogDisk Disk { get; }

    /// <summary>Null while the process is down.</summary>
    public RaftNode? Raft => _raft;

    public bool IsUp => _raft is not null;

    /// <summary>It was removed, nobody needs it, and it does not come back.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Nobody removed it, but it does not come back.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Those in its log from this one on, committed or not.</summary>
    public IEnumerable<ClusterConfiguration> ConfigurationsFrom(LogIndex index) =>
        _raft?.KnownConfigurations.Where(known => known.Index >= index).Select(known => known.Configuration) ?? [];

    /// <summary>Counts the lives of the process: what belongs to an earlier one is ignored.</summary>
    public int Life { get; private set; }

    /// <summary>Ticks take this long, in units of time.</summary>
    public int TickUnits { get; set; } = SimulatedWorld.TickUnits;

    public KvMachine Machine => _machine;

    public int Resets { get; private set; }
    public int Restarts { get; private set; }

    /// <summary>Begins the log of a new member; a joiner's holds nothing.</summary>
    public void Create(ClusterConfiguration? initial)
    {
        var options = new WalOptions { SegmentBytes = _world.Profile.SegmentBytes };
        Entry[] bootstrap = initial is null ? [] : [new Entry(new(1), new(1), EntryKind.Configuration, ConfigurationFormat.Encode(initial))];
        WriteAheadLog.Create(Disk, options, new ClusterId(1), Id, bootstrap, initial is null ? default : new HardState(new(1), default, new(1))).Dispose();
    }

    public void Start()
    {
        if (IsUp || IsGone || IsLost)
            return;
        Life++;
        Restarts++;
        Disk.Capacity = long.MaxValue;
        _wal = WriteAheadLog.Open(Disk, new WalOptions { SegmentBytes = _world.Profile.SegmentBytes });
        Check.That(_wal.Member == Id, $"the log of {Id} says it is of {_wal.Member}");
        CheckConfigurations();
        _machine = _durable.Copy();
        _storage = _storage?.AfterCrash();
        Check.That(_storage is null || _storage.Applied == _durable.Applied, $"storage of {Id} came back at {_storage?.Applied}, and was durable at {_durable.Applied}");
        _published = _machine.Applied;
        _departure = new Departure();
        _inEffect = null;
        var options = new RaftOptions
        {
            Self = Id,
            Seed = (ulong)_world.Random.NextInt64(),
            PreVote = _world.Profile.PreVote,
            MaxAppendBytes = _world.Profile.MaxAppendBytes,
            MaxInflightAppends = _world.Profile.MaxInflight,
            Defects = _world.Profile.Defects,
        };
        _raft = new RaftNode(options, _wal.HardState, _wal.CopyTerms(), [.. _wal.Configurations.Select(Decode)], _wal);
        _world.Trace($"{Id} starts: {_wal.First}..{_wal.Last} {_wal.HardState} applied {_machine.Applied}");
        Publish(_raft.Term, _raft.CommitIndex);
        PlanTick(Life);
        Turn();
        FollowConfiguration();
    }

    /// <summary>The process ends; with the machine's power, or alone.</summary>
    public void Crash(bool losesPower)
    {
        if (!IsUp)
            return;
        _world.Trace($"{Id} crashes{(losesPower ? ", without power" : "")}");
        Life++;
        _raft = null;
        _wal = null;
        _inbox.Clear();
        _unapplied.Clear();
        _forwarded.Clear();
        _reads.Clear();
        _confirmed.Clear();
        _toStore.Clear();
        (_hasTickWaiting, _isApplyPlanned, _ledBefore) = (false, false, null);
        if (losesPower)
            Disk.LosePower(_world.Random);
        else
            Disk.KillProcess();
        _world.OnCrashed(this);
    }

    // A shell may store on the thread that owns the core, or on another one while the core goes on, up to a bound: a disk that is slower than what comes would
    // still be at it long after the faults.
    private bool IsBlocked => _toStore.Count >= (_world.Profile.StoresInParallel ? MaxToStore : 1);

    /// <summary>Something for the thread of the log.</summary>
    public void Post(Action<RaftNode> input)
    {
        if (!IsUp)
            return;
        _inbox.Enqueue(input);
        if (!IsBlocked)
            Turn();
    }

    /// <summary>What has come and was not looked at yet is lost.</summary>
    public void ForgetInbox()
    {
        _inbox.Clear();
        _hasTickWaiting = false;
    }

    public void Receive(Message message) => Post(raft =>
    {
        var error = raft.Step(message);
        Check.That(error is RaftError.None or RaftError.UnknownPeer, $"{Id} refuses a {message.Kind} of {message.From}: {error}");
    });

    private static (LogIndex, ClusterConfiguration) Decode((LogIndex Index, ReadOnlyMemory<byte> Data) stored)
    {
        Check.That(ConfigurationFormat.TryDecode(stored.Data.Span, out var configuration), $"the log holds no configuration at {stored.Index}");
        return (stored.Index, configuration);
    }

    private void PlanTick(int life) => _world.Scheduler.After(TickUnits, () =>
    {
        if (life != Life)
            return;
        PlanTick(life);
        // A thread that was busy ticks once for all it missed.
        if (_hasTickWaiting)
            return;
        _hasTickWaiting = true;
        Post(raft =>
        {
            _hasTickWaiting = false;
            var (idle, before) = (raft.IdleTicks, (raft.Role, raft.Term, raft.Leader, raft.LeadTransferee));
            raft.Tick();
            // The real one sleeps through these.
            Check.That(idle == 0 || (raft.IdleTicks == idle - 1 && before == (raft.Role, raft.Term, raft.Leader, raft.LeadTransferee)), $"an idle tick of {raft.Role} did something, {idle} were to be idle");
            Forward();
            CallOthers();
        });
    });

    private void Turn()
    {
        var life = Life;
        while (life == Life && !IsBlocked && _inbox.TryDequeue(out var input))
        {
            input(_raft!);
            CheckLeader();
            Pump();
        }
        if (life == Life && !IsBlocked)
            Pump();
    }

    private void Pump()
    {
        var life = Life;
        while (life == Life && !IsBlocked && _raft!.TryTakeReady(out var ready))
        {
            CheckAppendOnly(ready);
            // Before its own disk has them, as a leader may (Raft thesis §10.2.1).
            Send(ready.Messages);
            if (!ready.MustSync && _toStore.Count == 0)
            {
                Store(ready);
                continue;
            }
            _toStore.Enqueue(ready);
            if (_toStore.Count == 1)
                PlanStore(life);
        }
    }

    private void PlanStore(int life) => _world.Scheduler.After(_world.StoreDelay(), () =>
    {
        if (life != Life)
            return;
        Store(_toStore.Peek());
        if (life != Life)
            return;
        _toStore.Dequeue();
        if (_toStore.Count > 0)
            PlanStore(life);
        Turn();
    });

    private void Store(in Ready ready)
    {
        try
        {
            if (ready.Reset is { } reset)
                ResetLog(reset, ready.HardState);
            if (ready.Entries.Length > 0)
                CheckEntries(ready.Entries);
            if (ready.HardStateChanged || ready.Entries.Length > 0 || ready.MustSync)
                _wal!.Append(ToStore(ready.HardState), ready.Entries, ready.MustSync);
        }
        catch (Exception e) when (e is SimulatedCrashException or WalFailedException or WalFullException)
        {
            // Of a failed disk nothing is known but what a new process finds on it.
            _world.Trace($"{Id} is ended by its disk: {e.Message}");
            Crash(losesPower: e is SimulatedCrashException && _world.Random.Next(2) == 0);
            return;
        }
        CheckConfigurations();
        Send(ready.MessagesAfterPersist);
        var raft = _raft!;
        var isFirst = raft.Role == Role.Leader && _committedIn != raft.Term && ready.CommitIndex > _commit;
        Publish(ready.HardState.Term, ready.CommitIndex);
        if (isFirst)
        {
            _committedIn = raft.Term;
            _world.OnFirstCommit(this);
        }
        raft.Advance(ready);
        CheckLeader();
        foreach (var read in ready.Reads)
            OnReadIndex(read);
        FollowConfiguration();
        if (_votedIn != ready.HardState.Term && ready.HardState.Vote != default && ready.HardState.Vote != Id)
        {
            _votedIn = ready.HardState.Term;
            _world.OnVoted(this);
        }
    }

    private HardState ToStore(in HardState state) =>
        (_world.Profile.ShellDefects & ShellDefects.ForgetVote) != 0 ? state with { Vote = default } : state;

    private void ResetLog(LogReset reset, in HardState state)
    {
        Resets++;
        _world.Trace($"{Id} begins its log anew after {reset.Index} of term {reset.Term}");
        _wal!.Reset(reset.Index, reset.Term, reset.Index, ConfigurationFormat.Encode(reset.Configuration), state);
    }

    private void Send(IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
            _world.Send(message);
    }

    /// <summary>The state machine's state becomes durable, and the log may begin later (I9).</summary>
    public void MakeDurable()
    {
        if (!IsUp)
            return;
        _durable = _machine.Copy();
        _storage?.MakeDurable();
    }

    public void DropLog(ulong keep)
    {
        if (!IsUp || _toStore.Count > 0)
            return;
        // A process that has just started may know less to be committed than its state machine holds.
        var limit = Math.Min(_durable.Applied.Value, _raft!.CommitIndex.Value);
        if (limit <= keep)
            return;
        try
        {
            var first = _wal!.DropThrough(new LogIndex(limit - keep));
            if (first > _raft.FirstIndex)
                _raft.LogDropped(first);
        }
        catch (Exception e) when (e is SimulatedCrashException or WalFailedException)
        {
            Crash(losesPower: _world.Random.Next(2) == 0);
        }
    }

    public override string ToString() => _raft is not { } node
        ? $"{Id} {(IsGone ? "gone" : IsLost ? "lost" : "down")}"
        : FormattableString.Invariant($"{Id} {node.Role} of {node.Leader} in {node.Term}, {node.FirstIndex}..{node.CommitIndex}..{node.LastIndex} applied {_machine.Applied}")
            + $" [{string.Join(' ', node.Configuration?.Members.Select(m => m.IsLearner ? $"({m.Id})" : $"{m.Id}") ?? [])}|{string.Join(' ', node.Configuration?.OutgoingVoters ?? [])}]@{node.ConfigurationIndex}";
}
