using Consensus.Contracts;
using Grpc.Net.Client;

namespace Consensus.Client.Replicated;

/// <summary>The consensus that a configuration names.</summary>
public static class ConsensusMembers
{
    /// <summary>A client of one member, or one that spreads over several.</summary>
    /// <param name="addresses">Comma-separated, at least one.</param>
    /// <param name="channel">Makes the channel to one address; channels stay the caller's.</param>
    /// <param name="options">How patient the client of several is, and where it begins; null: the defaults.</param>
    public static IConsensus Connect(string addresses, Func<string, GrpcChannel> channel, ReplicatedOptions? options = null)
    {
        var members = addresses
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(address => new ConsensusClient(channel(address)))
            .ToArray();
        return members.Length == 1 ? members[0] : new ReplicatedConsensus(members, options);
    }
}
