using Consensus.Contracts;
using Consensus.Host.Grpc;
using Consensus.Host.Peers.Wire;
using Consensus.Host.Service;
using Grpc.Core;

namespace Consensus.Host.Peers;

/// <summary>What a member takes from the others besides Raft messages. To be mapped only where members can reach it, not clients.</summary>
internal sealed class PeerGrpcService(ConsensusService consensus) : ConsensusPeer.ConsensusPeerBase
{
    public override async Task<ForwardEnd> Forward(IAsyncStreamReader<ForwardBatch> requestStream, ServerCallContext context)
    {
        await using var proposals = consensus.OpenForwarded();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, consensus.PeersLeft);
        var taking = TakeAsync(requestStream, proposals, ending.Token);
        await Task.WhenAny(taking, proposals.Broken);
        return new ForwardEnd { Reason = proposals.Broken.IsCompleted ? proposals.Reason : "the stream was closed" };
    }

    public override async Task<ChangeReply> ChangeMembership(ChangeRequest request, ServerCallContext context)
    {
        if (consensus.Cluster != new ClusterId(request.ClusterId))
            throw Refused(PeerRefusal.OtherCluster);
        var made = await consensus.ChangeAsLeaderAsync(PeerWire.FromWire(request), context.CancellationToken);
        return made is not { } outcome
            ? new ChangeReply { NotLeader = true }
            : new ChangeReply { Error = (uint)outcome.Error, Index = outcome.Index.Value, Term = outcome.Term.Value };
    }

    public override async Task<EntryTimesReply> GetTimes(EntryTimesRequest request, ServerCallContext context) =>
        await consensus.OwnTimesAsync(new LogIndex(request.Index), context.CancellationToken) is not { } times
            ? new EntryTimesReply()
            : new EntryTimesReply
            {
                Known = true, QueuedTicks = times.Queued.Ticks, StoredTicks = times.Stored.Ticks, ReplicatedTicks = times.Replicated.Ticks,
            };

    public override Task Hold(HoldRequest request, IServerStreamWriter<HoldReply> responseStream, ServerCallContext context) =>
        Ends.FirstAsync(context.CancellationToken, consensus.PeersLeft);

    private static async Task TakeAsync(IAsyncStreamReader<ForwardBatch> stream, ProposalStream proposals, CancellationToken cancellation)
    {
        try
        {
            while (await stream.MoveNext(cancellation))
            {
                foreach (var command in stream.Current.Commands)
                    await proposals.ProposeAsync(PeerWire.FromWire(command), cancellation);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ProposalStreamBrokenException)
        {
            // The member at the other end proposes again what it has no result for.
        }
    }

    private static RpcException Refused(PeerRefusal refusal) => new(new Status(StatusCode.FailedPrecondition, PeerRefusals.Text(refusal)));
}
