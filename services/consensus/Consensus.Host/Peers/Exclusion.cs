using Consensus.Contracts;
using Consensus.Core.Membership;

namespace Consensus.Host.Peers;

/// <summary>Whom a member goes on without, by the configuration that is in effect on it, durably.</summary>
/// <param name="Index">Log index of the configuration.</param>
/// <param name="Configuration">In effect.</param>
internal sealed record Exclusion(LogIndex Index, ClusterConfiguration Configuration)
{
    private readonly HashSet<MemberId> _out = [.. Configuration.Removed.Where(member => Departure.IsOut(Configuration, member))];

    public bool IsOut(MemberId member) => _out.Contains(member);
}
