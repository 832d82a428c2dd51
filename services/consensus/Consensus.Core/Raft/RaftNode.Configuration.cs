using Consensus.Contracts;
using Consensus.Core.Membership;
using Consensus.Core.Progress;
using Consensus.Core.Quorum;

namespace Consensus.Core.Raft;

// Membership (Raft thesis §4). A configuration takes effect on a member once that member knows its entry to be committed. There is at most one
// that is not committed in any log: a leader proposes the next when the last is committed, and says so in the very append that carries the next.
public sealed partial class RaftNode
{
    private readonly ConfigurationHistory _configurations;

    // Everybody who is fed or counted: members, and the voters that a joint configuration leaves. By ascending id.
    private PeerProgress[] _peers = [];

    // Null for a member that is in no configuration it knows.
    private PeerProgress? _self;
    private JointQuorum _quorum;
    private ulong _counted;

    /// <summary>In effect; null for a member that joins and knows none yet.</summary>
    public ClusterConfiguration? Configuration { get; private set; }

    /// <summary>
    /// Index of the entry that holds <see cref="Configuration"/>, or of the point after which the log was begun anew with it; 0 when there is none.
    /// </summary>
    public LogIndex ConfigurationIndex { get; private set; }

    /// <summary>In the log, in effect or not yet: what tests of liveness must look at.</summary>
    internal IReadOnlyList<(LogIndex Index, ClusterConfiguration Configuration)> KnownConfigurations => _configurations.Items;

    // Voters only: learners, removed members and those that know no configuration never campaign.
    private bool IsPromotable => (SelfBit & _counted) != 0;

    private ulong SelfBit => _self is null ? 0 : BitOf(_self);

    /// <summary>Highest index known to be stored on a member, at a leader; 0 when nothing is known.</summary>
    public LogIndex MatchOf(MemberId id) => Role == Role.Leader && PeerOf(id) is { } peer ? peer.Match : default;

    /// <summary>
    /// Appends a change of the membership: directly when at most one voter changes, else by way of a joint configuration, which the leader leaves by itself.
    /// </summary>
    /// <param name="next">The whole target, its removed ids and recent changes included; not joint.</param>
    /// <param name="index">Index of the entry. The target is in effect once <see cref="Configuration"/>, at or after this index, is not joint.</param>
    public RaftError ProposeConfiguration(ClusterConfiguration next, out LogIndex index)
    {
        index = default;
        if (Role != Role.Leader)
            return RaftError.NotLeader;
        if (IsLeaving)
            return RaftError.TransferInProgress;
        // Else two leaders could change the same configuration in two ways (Raft thesis §4.1, corrected in 2015).
        if (!IsReadable)
            return RaftError.NotReady;
        if (_configurations.LastIndex > _log.Commit || Configuration!.IsJoint)
            return RaftError.ConfigurationPending;
        if (next.IsJoint || !ConfigurationRules.IsValid(next))
            return RaftError.BadConfiguration;

        index = AppendConfiguration(ConfigurationRules.Enter(Configuration, next));
        BroadcastAppend();
        return RaftError.None;
    }

    private LogIndex AppendConfiguration(ClusterConfiguration configuration)
    {
        Append(new Entry(_log.Last.Next, Term, EntryKind.Configuration, ConfigurationFormat.Encode(configuration)));
        return _log.Last;
    }

    private void Append(in Entry entry)
    {
        _log.Append(entry);
        if (entry.Kind != EntryKind.Configuration)
            return;
        Invariant.Holds(ConfigurationFormat.TryDecode(entry.Data.Span, out var configuration));
        _configurations.Append(entry.Index, configuration);
        if (Has(Defects.ApplyConfigurationOnAppend))
            FollowConfigurations();
    }

    private void TruncateFrom(LogIndex from)
    {
        _log.TruncateFrom(from);
        _configurations.TruncateFrom(from);
        _cutAfterSequence = _sequence;
    }

    private void CommitTo(LogIndex index)
    {
        _log.CommitTo(index);
        if (_configurations.LastIndex > ConfigurationIndex)
            FollowConfigurations();
    }

    /// <summary>Puts the newest committed configuration into effect, if it is not yet.</summary>
    private void FollowConfigurations()
    {
        var known = Has(Defects.ApplyConfigurationOnAppend) ? _log.Last : _log.Commit;
        if (!_configurations.TryGetAt(known, out var index, out var configuration)
            || (Configuration is not null && index <= ConfigurationIndex))
        {
            return;
        }
        ConfigurationIndex = index;
        Configuration = configuration;
        var before = _peers;
        SetPeers(configuration);
        if (Role == Role.Leader)
        {
            LeadUnderNewConfiguration(before);
        }
        else if (Role != Role.Follower)
        {
            // Votes were counted by other rules.
            BecomeFollower(Term, leader: default);
            AskAgainSoon();
        }
    }

    private void SetPeers(ClusterConfiguration configuration)
    {
        var ids = configuration.Members.Select(member => member.Id).Union(configuration.OutgoingVoters).OrderBy(id => id.Value).ToArray();
        var before = _peers;
        _peers = [.. ids.Select(id => Array.Find(before, peer => peer.Id == id) ?? NewPeer(id))];
        _self = PeerOf(_options.Self);

        ulong incoming = 0;
        ulong outgoing = 0;
        foreach (var member in configuration.Members)
            incoming |= member.IsLearner ? 0 : BitOf(PeerOf(member.Id)!);
        foreach (var voter in configuration.OutgoingVoters)
            outgoing |= BitOf(PeerOf(voter)!);
        _quorum = new JointQuorum(incoming, outgoing);
        _counted = incoming | outgoing;
    }

    private PeerProgress NewPeer(MemberId id)
    {
        var peer = new PeerProgress(id, _options.MaxInflightAppends, _options.MaxInflightBytes);
        peer.Reset(_log.Last.Next);
        // Has had no time to be heard from before the next quorum check.
        peer.IsRecentlyActive = true;
        return peer;
    }

    private void LeadUnderNewConfiguration(PeerProgress[] before)
    {
        foreach (var peer in before)
        {
            // Learns, as the last thing it hears from us, that it was removed.
            if (peer.Id != _options.Self && PeerOf(peer.Id) is null)
                SendAppends(peer, evenEmpty: true);
        }
        if (LeadTransferee != default && !IsVoter(LeadTransferee))
            LeadTransferee = default;
        if (!IsPromotable)
            Retire();
        ConfirmReads();
    }

    /// <summary>A joint configuration is left as soon as it is committed, by whoever leads then (Raft thesis §4.3).</summary>
    private void LeaveJoint()
    {
        if (Configuration!.IsJoint && _configurations.LastIndex <= _log.Commit)
            AppendConfiguration(ConfigurationRules.Leave(Configuration));
    }

    private bool IsVoter(MemberId id) => Configuration?.Find(id) is { IsLearner: false };

    private PeerProgress? PeerOf(MemberId id)
    {
        foreach (var peer in _peers)
        {
            if (peer.Id == id)
                return peer;
        }
        return null;
    }

    private ulong BitOf(PeerProgress peer) => 1UL << Array.IndexOf(_peers, peer);
}
