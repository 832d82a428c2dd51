using Consensus.Contracts;
using Consensus.Core.Membership;
using Consensus.Core.Raft;

namespace Simulation.World;

// How a process learns that the cluster goes on without it, and goes: as in the shell, by calling the others and being refused.
internal sealed partial class SimulatedNode
{
    // Between two calls of somebody who answers nothing, in ticks.
    private const int CallTicks = 3;

    // In effect and stored: what a restart cannot undo. Null for a joiner that knows none yet.
    private (LogIndex Index, ClusterConfiguration Configuration)? _inEffect;
    private int _ticksToCall;

    /// <summary>This process goes on without <paramref name="member"/>, and takes nothing from it.</summary>
    public bool Excludes(MemberId member) => _inEffect is { } known && Departure.IsOut(known.Configuration, member);

    /// <summary>A call of another process, or anything it says: it is told when it is out.</summary>
    public void Called(SimulatedNode caller)
    {
        if (!IsUp || !Excludes(caller.Id))
            return;
        var (index, configuration) = _inEffect!.Value;
        _world.Network.Send(Id, caller.Id, () => caller.OnExcluded(Id, index, configuration));
    }

    private void OnExcluded(MemberId by, LogIndex index, ClusterConfiguration configuration)
    {
        if (IsUp && _departure.Refused(by, index, configuration) && _departure.MayLeave)
            Leave();
    }

    private void FollowConfiguration()
    {
        if (_raft is not { Configuration: { } configuration } raft || raft.ConfigurationIndex > _wal!.HardState.Commit)
            return;
        var isNews = _inEffect?.Index != raft.ConfigurationIndex;
        _inEffect = (raft.ConfigurationIndex, configuration);
        if (isNews && raft.Role == Role.Leader && Excludes(Id))
            _world.OnLeaderRemoved(this);
        if ((_world.Profile.ShellDefects & ShellDefects.LeaveUnasked) != 0 && Departure.IsOut(configuration, Id))
            Leave();
    }

    /// <summary>Who hears nothing calls: those it knows of, from its log or from one that goes on without it.</summary>
    private void CallOthers()
    {
        if (--_ticksToCall > 0 || (_raft!.Leader != default && !Excludes(Id)))
            return;
        _ticksToCall = CallTicks;
        var known = (_inEffect?.Configuration.Members ?? []).Concat(_departure.Newest?.Members ?? []);
        foreach (var other in known.Select(member => member.Id).Distinct().Where(other => other != Id))
            _world.Call(this, other);
    }

    /// <summary>Its machine is gone for good.</summary>
    public void Lose()
    {
        _world.Trace($"{Id} is lost");
        Crash(losesPower: true);
        IsLost = true;
    }

    private void Leave()
    {
        if (IsGone)
            return;
        _world.Trace($"{Id} leaves for good");
        Crash(losesPower: false);
        IsGone = true;
    }
}
