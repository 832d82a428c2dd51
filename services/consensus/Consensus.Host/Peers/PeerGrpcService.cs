using Consensus.Contracts;
using Consensus.Host.Peers.Wire;
using Consensus.Host.Service;
using Grpc.Core;

namespace Consensus.Host.Peers;

/// <summary>What a member takes from the others. To be mapped only where members can reach it, not clients.</summary>
internal sealed class PeerGrpcService(ConsensusService consensus) : ConsensusPeer.ConsensusPeerBase
{
    public override async Task Connect(
        IAsyncStreamReader<PeerFrame> requestStream, IServerStreamWriter<PeerWelcome> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, consensus.PeersLeft);
        var cancellation = ending.Token;
        if (!await requestStream.MoveNext(cancellation) || requestStream.Current.Hello is not { } hello)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "the first frame must say who calls"));
        var from = new MemberId(hello.From);
        if (consensus.Admit(new ClusterId(hello.ClusterId), from, new MemberId(hello.To)) is var refusal && refusal != PeerRefusal.None)
            throw Refused(refusal);
        await responseStream.WriteAsync(new PeerWelcome(), cancellation);
        var connection = consensus.PeerConnected(from);
        try
        {
            while (await requestStream.MoveNext(cancellation))
            {
                // It may have missed the entry that says so, and would go on asking for votes.
                if (consensus.IsRemoved(from))
                    throw Refused(PeerRefusal.Removed);
                foreach (var message in requestStream.Current.Messages)
                    await consensus.ReceiveAsync(PeerWire.FromWire(message, from, consensus.Self), cancellation);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or LogUnavailableException)
        {
            // The connection is gone, or this member is going: either way nothing more is heard on it.
        }
        finally
        {
            consensus.PeerDisconnected(from, connection);
        }
    }

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

    private static RpcException Refused(PeerRefusal refusal)
    {
        var text = refusal switch
        {
            PeerRefusal.OtherCluster => "cluster ID mismatch",
            PeerRefusal.Removed => "the member has been permanently removed from the cluster",
            _ => "another member answers at this address",
        };
        return new RpcException(
            new Status(StatusCode.FailedPrecondition, text), new Metadata { { PeerWire.RefusedTrailer, ((int)refusal).ToString() } });
    }
}
