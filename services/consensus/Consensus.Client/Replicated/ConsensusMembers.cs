using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Net.Client;
using Liveness;

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
        var listed = addresses.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var channels = listed.Select(channel).ToArray();
        if (channels.Length == 1)
            return new ConsensusClient(channels[0]);
        // Whoever loses its member goes on with another one: that should find a connection.
        foreach (var (address, opened) in listed.Zip(channels))
        {
            var log = new ConsensusLog.ConsensusLogClient(opened);
            _ = HeldConnection.KeepAsync(
                cancellation => log.Hold(new HoldRequest(), cancellationToken: cancellation), new Uri(address), TimeProvider.System, CancellationToken.None);
        }
        return new ReplicatedConsensus([.. channels.Select(static opened => new ConsensusClient(opened))], options);
    }
}
