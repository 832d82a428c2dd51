using System.Collections.Immutable;
using Consensus.Contracts;

namespace Consensus.Tests.Raft;

/// <summary>Configurations of members without URLs.</summary>
internal static class Configurations
{
    public static ClusterConfiguration Of(params ulong[] voters) => With(voters, []);

    public static ClusterConfiguration With(ulong[] voters, ulong[] learners, params ulong[] removed) => new()
    {
        Members = [.. voters.Select(id => Member(id, isLearner: false)).Concat(learners.Select(id => Member(id, isLearner: true))).OrderBy(m => m.Id.Value)],
        Removed = [.. removed.Order().Select(id => new MemberId(id))],
    };

    public static Member Member(ulong id, bool isLearner) => new(new MemberId(id), $"m{id}", [], [], isLearner);

    public static ulong[] Voters(this ClusterConfiguration configuration) =>
        [.. configuration.Members.Where(member => !member.IsLearner).Select(member => member.Id.Value)];

    public static ulong[] Learners(this ClusterConfiguration configuration) =>
        [.. configuration.Members.Where(member => member.IsLearner).Select(member => member.Id.Value)];
}
