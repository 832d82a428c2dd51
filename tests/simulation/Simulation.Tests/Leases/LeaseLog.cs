using Consensus.Contracts;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Core.Leases;
using Storage.Core.State;
using Storage.Tests.Harness;

namespace Simulation.Leases;

/// <summary>
/// The log as managers and gateways see it, and storage's own state machine behind it: a command is committed and applied when it arrives. What was visible at each index is
/// kept, so that every feed can be as far behind as the world wants.
/// </summary>
internal sealed class LeaseLog
{
    private readonly StateMachine _machine = StateMachine.Open(new MemoryTree(), new StateMachineOptions());
    private readonly List<LeasesView> _views = [];

    public LeaseLog() => _views.Add(_machine.Freeze().Leases);

    public ulong Last => (ulong)_views.Count - 1;

    public LeasesView Current => _views[^1];

    public CommandResult Apply(CommandKind kind, IMessage command, SessionId session, ulong sequence, ulong lowestPending)
    {
        var envelope = new CommandEnvelope(kind, session, sequence, lowestPending, (long)Last, default);
        var entry = new Entry(_machine.AppliedIndex.Next, new Term(1), EntryKind.Command, default);
        _machine.Apply(entry, envelope, command.ToByteArray(), null, out var result);
        _views.Add(_machine.Freeze().Leases);
        return result;
    }

    /// <summary>What a feed says that goes on at index <paramref name="from"/>, or starts over, up to <paramref name="to"/>.</summary>
    public LeaseBatch Feed(ulong? from, ulong to)
    {
        var view = _views[(int)to];
        List<LeaseChange> changes = [];
        if (from is { } known)
        {
            for (var number = _views[(int)known].Changes.Next; number < view.Changes.Next; number++)
                changes.Add(Current.Changes[number]);
        }
        else
        {
            changes = view.All();
        }
        return new LeaseBatch(from is null, changes, new LogIndex(to), 1, new Term(1), view.Claim, null);
    }
}
