using Consensus.Contracts;
using Consensus.Core.Membership;
using Consensus.Core.Raft;

namespace Simulation.World;

// What goes wrong, and what operators do.
internal sealed partial class SimulatedWorld
{
    private void PlanFaults()
    {
        Every(Profile.CrashEvery, CrashOne);
        Every(Profile.CrashEvery / 2, () => AnyNode().Start());
        Every(Profile.PartitionEvery, Partition);
        Every(Profile.PartitionEvery / 2, Network.Heal);
        Every(Profile.DiskFaultEvery, BreakDisk);
        Every(Profile.DiskFaultEvery, () => AnyNode().Start());
        Every(Profile.TransferEvery, Transfer);
        Every(Profile.ChangeEvery, ChangeMembers);
        Every(Profile.DropEvery, DropLog);
        Every(Profile.Drift > 0 ? 1000 : 0, () => AnyNode().TickUnits = (int)(TickUnits * (1 + Profile.Drift * (2 * Random.NextDouble() - 1))));
    }

    private void Every(int mean, Action what)
    {
        if (mean == 0)
            return;
        Scheduler.After(1 + Random.Next(2 * mean), () =>
        {
            if (_isCalm)
                return;
            what();
            Every(mean, what);
        });
    }

    private void CrashOne()
    {
        var leader = Leader;
        // Leaders are the more interesting half.
        var node = leader is not null && Random.Next(2) == 0 ? _byId[leader.Leader] : AnyNode();
        if (Random.Next(8) == 0)
        {
            // The whole site.
            foreach (var each in _nodes.ToList())
                each.Crash(losesPower: true);
            return;
        }
        node.Crash(losesPower: Random.Next(2) == 0);
        if (Random.Next(2) == 0)
            Scheduler.After(Random.Next(300), node.Start);
    }

    /// <summary>A member has become the leader.</summary>
    public void OnLeads(SimulatedNode node)
    {
        if (!_isCalm && Profile.CutsNewLeaders)
            CutNewLeader(node);
        if (_isCalm || !Profile.CrashesNewLeaders || Random.Next(2) == 0)
            return;
        var life = node.Life;
        Scheduler.After(Random.Next(4 * Profile.MaxDelay), () =>
        {
            if (life != node.Life || _isCalm)
                return;
            node.Crash(losesPower: Random.Next(2) == 0);
            Scheduler.After(Random.Next(2000), node.Start);
        });
    }

    /// <summary>A member's vote for another is stored.</summary>
    public void OnVoted(SimulatedNode node)
    {
        if (_isCalm || !Profile.CrashesVoters || Random.Next(2) == 0)
            return;
        var life = node.Life;
        Scheduler.After(0, () =>
        {
            if (life != node.Life || _isCalm)
                return;
            node.Crash(losesPower: Random.Next(2) == 0);
            Scheduler.After(Random.Next(Profile.MaxDelay), node.Start);
        });
    }

    /// <summary>A leader's own removal is in effect there, and nobody else knows.</summary>
    public void OnLeaderRemoved(SimulatedNode leader)
    {
        if (_isCalm || !Profile.CutsRemovedLeaders || Random.Next(3) == 0)
            return;
        foreach (var other in _nodes)
            Network.Cut(leader.Id, other.Id);
        Scheduler.After(Random.Next(8000), () => Network.Restore(leader.Id));
    }

    private void CutNewLeader(SimulatedNode leader)
    {
        var reached = Random.Next(_nodes.Count);
        foreach (var other in _nodes.Where(_ => Random.Next(_nodes.Count) >= reached))
            Network.Cut(leader.Id, other.Id);
        EndCutLeader(leader, Random.Next(12 * Profile.MaxDelay));
    }

    /// <summary>The first commit of a leader's life.</summary>
    public void OnFirstCommit(SimulatedNode leader)
    {
        if (!_isCalm && Profile.CutsNewLeaders && Random.Next(3) != 0)
            EndCutLeader(leader, 0);
    }

    private void EndCutLeader(SimulatedNode leader, int delay)
    {
        var life = leader.Life;
        Scheduler.After(delay, () =>
        {
            if (life != leader.Life || _isCalm)
                return;
            leader.Crash(losesPower: true);
            // What it had sent is lost, too.
            foreach (var other in _nodes)
                Network.Cut(leader.Id, other.Id);
            Scheduler.After(2 * Profile.MaxDelay, () => Network.Restore(leader.Id));
            Scheduler.After(2 * Profile.MaxDelay + Random.Next(1500), leader.Start);
        });
    }

    /// <summary>A joint configuration is in effect at its leader, and nobody else knows.</summary>
    public void OnJoint(SimulatedNode leader, ClusterConfiguration joint)
    {
        if (_isCalm || !Profile.SplitsJoint || Random.Next(2) == 0)
            return;
        foreach (var one in _nodes.Where(node => node == leader || joint.Find(node.Id) is { IsLearner: false }))
        {
            foreach (var other in _nodes.Where(node => node != leader && joint.Find(node.Id) is not { IsLearner: false }))
            {
                Network.Cut(one.Id, other.Id);
                Network.Cut(other.Id, one.Id);
            }
            // Who stays behind may hold on to some of the others.
            if (one == leader || Random.Next(2) != 0 || !joint.OutgoingVoters.Contains(one.Id))
                continue;
            Network.Cut(leader.Id, one.Id);
            Network.Cut(one.Id, leader.Id);
        }
        Scheduler.After(Random.Next(4000), Network.Heal);
    }

    private void Partition()
    {
        switch (Random.Next(4))
        {
            case 0:
                Split(both: false);
                break;
            case 1:
                var (from, to) = (AnyNode().Id, AnyNode().Id);
                Network.Cut(from, to);
                break;
            case 2 when Leader is { } leader:
                foreach (var node in _nodes)
                {
                    Network.Cut(leader.Leader, node.Id);
                    if (Random.Next(2) == 0)
                        Network.Cut(node.Id, leader.Leader);
                    // Seen as a broken connection on one side long before the other notices anything.
                    if (Random.Next(2) == 0)
                        node.Post(raft => raft.PeerUnreachable(leader.Leader));
                }
                break;
            default:
                Split(both: true);
                break;
        }
    }

    private void Split(bool both)
    {
        var side = _nodes.Where(_ => Random.Next(2) == 0).ToHashSet();
        foreach (var one in side)
        {
            foreach (var other in _nodes)
            {
                if (side.Contains(other))
                    continue;
                Network.Cut(one.Id, other.Id);
                if (both)
                    Network.Cut(other.Id, one.Id);
            }
        }
    }

    private void BreakDisk()
    {
        var node = AnyNode();
        if (!node.IsUp)
            return;
        switch (Random.Next(3))
        {
            case 0:
                node.Disk.FailAt = node.Disk.Operations + Random.Next(20);
                break;
            case 1:
                node.Disk.Capacity = node.Disk.Used;
                break;
            default:
                node.Disk.CrashAt = node.Disk.Operations + Random.Next(20);
                break;
        }
    }

    private void Transfer()
    {
        var target = AnyNode().Id;
        foreach (var node in _nodes)
            node.Post(raft => raft.TransferLeadership(target));
    }

    private void DropLog()
    {
        var node = AnyNode();
        node.MakeDurable();
        node.DropLog((ulong)Random.Next(20));
    }

    private void ChangeMembers()
    {
        // Several think they lead; each is asked, as an operator would ask any.
        var leaders = _nodes.Where(node => node.Raft is { Role: Role.Leader, Configuration: not null }).ToList();
        if (leaders.Count == 0)
            return;
        leaders[Random.Next(leaders.Count)].Post(raft =>
        {
            // Decided where it is proposed: a target made of an older configuration could take a removed member in again.
            if (_isCalm || raft is not { Role: Role.Leader, Configuration: { IsJoint: false } current })
                return;
            var next = current;
            for (var count = 1 + Random.Next(Profile.ChangesAtOnce); count > 0; count--)
                next = ChangeOne(next);
            if (next != current)
                raft.ProposeConfiguration(next, out _);
        });
    }

    private ClusterConfiguration ChangeOne(ClusterConfiguration current)
    {
        var kind = Random.Next(6) switch
        {
            0 when _nodes.Count < MaxNodes => MembershipChangeKind.AddVoter,
            1 when _nodes.Count < MaxNodes => MembershipChangeKind.AddLearner,
            2 => MembershipChangeKind.Publish,
            3 or 4 => MembershipChangeKind.Promote,
            _ => MembershipChangeKind.Remove,
        };
        var member = kind switch
        {
            MembershipChangeKind.AddVoter or MembershipChangeKind.AddLearner => new MemberId((ulong)_nodes.Count + 1),
            MembershipChangeKind.Promote => current.Members.FirstOrDefault(other => other.IsLearner)?.Id ?? default,
            _ => current.Members[Random.Next(current.Members.Length)].Id,
        };
        // The last two stay: a majority of two that are both needed is lost too easily to a third that has gone for good.
        if (kind == MembershipChangeKind.Remove && current.Members.Count(other => !other.IsLearner) <= 2)
            return current;
        var change = new MembershipChange(++_lastChange, kind, member) { PeerUrls = [$"http://{member}"], Name = $"m{_lastChange}" };
        if (MembershipRules.TryApply(current, change, out var next) != MembershipError.None)
            return current;
        if (kind is MembershipChangeKind.AddVoter or MembershipChangeKind.AddLearner)
        {
            // Starts whenever its operator gets to it, before the others know of it or long after.
            var joiner = AddNode(member);
            joiner.Create(initial: null);
            Scheduler.After(Random.Next(2000), joiner.Start);
        }
        return next;
    }
}
