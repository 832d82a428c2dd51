using Consensus.Contracts;
using Consensus.Host.Peers.Wire;
using Grpc.Core;

namespace Consensus.Host.Service;

// How long entries took: the member that led knows.
public sealed partial class ConsensusService
{
    private static readonly TimeSpan s_timesLimit = TimeSpan.FromSeconds(1);

    public async ValueTask<EntryTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation)
    {
        if (await OwnTimesAsync(index, cancellation).ConfigureAwait(false) is { } own)
            return own;
        var status = _status;
        if (status.Leader == Self || status.Members.FirstOrDefault(member => member.Id == status.Leader) is not { } leader || _network.CallChannel(leader) is not { } channel)
            return null;
        try
        {
            var reply = await new ConsensusPeer.ConsensusPeerClient(channel)
                .GetTimesAsync(new EntryTimesRequest { Index = index.Value }, deadline: DateTime.UtcNow + s_timesLimit, cancellationToken: cancellation).ConfigureAwait(false);
            return reply.Known ? new EntryTimes(new(reply.QueuedTicks), new(reply.StoredTicks), new(reply.ReplicatedTicks)) : null;
        }
        catch (Exception exception) when (exception is RpcException or ObjectDisposedException && !cancellation.IsCancellationRequested)
        {
            // Gone, or of a release that does not know the question: then nobody knows.
            return null;
        }
    }

    /// <summary>Those of an entry that this member brought into the log.</summary>
    internal async Task<EntryTimes?> OwnTimesAsync(LogIndex index, CancellationToken cancellation)
    {
        if (_isStopping)
            throw new LogUnavailableException(StoppingReason);
        var found = new TaskCompletionSource<EntryTimes?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Request(() => found.TrySetResult(_times.Find(index)));
        return await found.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }
}
