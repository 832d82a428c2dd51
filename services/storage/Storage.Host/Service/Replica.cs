using Consensus.Contracts;
using Storage.Core.State;
using Storage.Core.Tree;
using Storage.Host.Snapshots;

namespace Storage.Host.Service;

/// <summary>One data file in use: the state machine on it, and the loops that apply, commit, sweep and return space. Replaced whole when a snapshot is installed.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReplicaContext _context;
    private readonly StorageData _data;
    private readonly ApplyLoop _applies;
    private readonly SweepLoop _sweeps;
    private readonly SpaceLoop _space;
    private readonly SnapshotSender _snapshots;
    private Task _loops = Task.CompletedTask;

    /// <summary>Nothing is published and nothing applied before <see cref="Start"/>.</summary>
    public Replica(ReplicaContext context, StorageData data, StateMachine machine)
    {
        _context = context;
        _data = data;
        machine.Counts = context.Metrics.Applies;
        Owner = new StateOwner(machine, data.Tree, data.Device, context.State, context.Time);
        Commits = new CommitLoop(Owner, context.Swept, context.Reports, context.SizeChanged, context.Metrics, context.Options, context.Time, context.Fatal, context.Logger);
        _sweeps = new SweepLoop(Owner, Commits, context.Swept, context.Metrics, context.Time, context.Fatal, context.Logger);
        _space = new SpaceLoop(Owner, Commits, context.Metrics, context.Time, context.Fatal, context.Logger);
        _applies = new ApplyLoop(
            context.Consensus, context.Contact, Owner, context.Results, context.Applied, context.Signal, Commits, _sweeps,
            new ApplyTimes(context.Metrics, context.Options.WarningApplyDuration, context.Logger), context.RecentApplies, context.Time, context.Fatal, context.Logger);
        _snapshots = new SnapshotSender(context.Reads, context.Options.SnapshotStallLimit, context.Metrics, context.Time, context.Logger);
    }

    public StateOwner Owner { get; }

    /// <summary>Readers of the data file at this moment.</summary>
    public int OpenReads => _data.CountReaders?.Invoke() ?? 0;

    public CommitLoop Commits { get; }
    public SpaceLoop Space => _space;
    public SnapshotSender Snapshots => _snapshots;
    public Func<IIncomingData>? CreateIncoming => _data.CreateIncoming;

    /// <summary>Starts to commit, sweep and apply.</summary>
    /// <returns>The end of the applies: see <see cref="ApplyLoop.RunAsync"/>. The other loops go on until <see cref="StopAsync"/>.</returns>
    public Task<LogIndex?> Start()
    {
        if (Owner.Machine.Sweep.IsPending)
            _sweeps.Pending.Raise();
        _context.Reports.Report(Commits.Durable);
        var applies = Task.Run(() => _applies.RunAsync(_stopping.Token));
        _loops = Task.WhenAll(
            applies, Task.Run(() => Commits.RunAsync(_stopping.Token)), Task.Run(() => _sweeps.RunAsync(_stopping.Token)),
            Task.Run(() => _space.RunAsync(_stopping.Token)));
        return applies;
    }

    /// <summary>Ends the loops. The state can still be read.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loops.ConfigureAwait(false);
    }

    /// <summary>Ends what reads or waits for this file in particular, and would do so for long.</summary>
    public void End(string reason)
    {
        _snapshots.End(reason);
        Commits.End(new TreeClosedException());
    }

    /// <summary>Lets no more readers in, and closes the file when the last has left.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_data.Owned is { } owned)
            await owned.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }
}
