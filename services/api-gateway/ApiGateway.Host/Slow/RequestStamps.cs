using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Host.Slow;

/// <summary>Timestamps of a request's way through the gateway; 0: not noted, or not on its way.</summary>
/// <param name="Index">Where in the log its command was applied.</param>
/// <param name="Handed">Its command was handed to the log.</param>
/// <param name="Arrived">Its outcome was here.</param>
/// <param name="ReadIndexed">The leader had confirmed that it leads, for a read that waited for that.</param>
internal readonly record struct RequestStamps(LogIndex Index, long Handed, long Arrived, long ReadIndexed)
{
    /// <summary>Those of a command.</summary>
    public static RequestStamps Of(in CommandResult result) => new(result.Index, result.HandedAt, result.ArrivedAt, 0);
}
