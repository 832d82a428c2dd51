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
        var channels = addresses
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(channel)
            .ToArray();
        if (channels.Length == 1)
            return new ConsensusClient(channels[0]);
        foreach (var opened in channels)
            _ = WarmAsync(opened);
        return new ReplicatedConsensus([.. channels.Select(static opened => new ConsensusClient(opened))], options);
    }

    /// <summary>Whoever loses its member goes on with another one: that should find a connection.</summary>
    private static async Task WarmAsync(GrpcChannel channel)
    {
        try
        {
            await channel.ConnectAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed before anybody answered, or a channel that cannot be opened ahead of its first call.
        }
    }
}
