using Consensus.Client;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Core;
using Microsoft.Extensions.Hosting;

namespace Consensus.Host.Grpc;

/// <summary>Serves any <see cref="IConsensus"/> over gRPC: decodes, calls, encodes.</summary>
public sealed class ConsensusGrpcService(IConsensus consensus, IHostApplicationLifetime lifetime) : ConsensusLog.ConsensusLogBase
{
    public override async Task<ProposeEnd> Propose(IAsyncStreamReader<ProposeBatch> requestStream, ServerCallContext context)
    {
        await using var stream = consensus.OpenProposals();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var forwarding = ForwardAsync(requestStream, stream, ending.Token);
        // The call ends when the stream breaks, although the client may never send again.
        await Task.WhenAny(forwarding, stream.Broken);
        await ending.CancelAsync();
        var reason = await forwarding;
        return new ProposeEnd { Reason = stream.Broken.IsCompleted ? "the proposal stream has ended" : reason };
    }

    public override async Task Tail(TailRequest request, IServerStreamWriter<TailBatch> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await foreach (var batch in consensus.TailAsync(new LogIndex(request.From), ending.Token))
                await responseStream.WriteAsync(WireFormat.ToWire(batch), ending.Token);
        }
        catch (LogCompactedException e)
        {
            throw new RpcException(
                new Status(StatusCode.OutOfRange, e.Message),
                new Metadata { { WireFormat.FirstIndexTrailer, e.First.ToString() } });
        }
        catch (LogUnavailableException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, e.Message));
        }
        catch (OperationCanceledException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "the tail was ended"));
        }
    }

    public override async Task<ReadIndexReply> GetReadIndex(ReadIndexRequest request, ServerCallContext context)
    {
        try
        {
            var read = await consensus.ReadIndexAsync(context.CancellationToken);
            return new ReadIndexReply { Index = read.Index.Value, Term = read.Term.Value };
        }
        catch (NoLeaderException e)
        {
            throw new RpcException(
                new Status(StatusCode.Unavailable, e.Message), new Metadata { { WireFormat.NoLeaderTrailer, e.Message } });
        }
    }

    public override async Task<StatusReply> GetStatus(StatusRequest request, ServerCallContext context)
    {
        try
        {
            return WireFormat.ToWire(await consensus.GetStatusAsync(context.CancellationToken));
        }
        catch (LogUnavailableException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, e.Message));
        }
    }

    public override async Task<ReportDurableReply> ReportDurable(ReportDurableRequest request, ServerCallContext context)
    {
        try
        {
            await consensus.ReportDurableAsync(request.StorageReplica, new LogIndex(request.DurableIndex), context.CancellationToken);
            return new ReportDurableReply();
        }
        catch (LogUnavailableException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, e.Message));
        }
    }

    /// <summary>Hands proposals on in order until either side ends; says why it stopped.</summary>
    private static async Task<string> ForwardAsync(
        IAsyncStreamReader<ProposeBatch> requests, IProposalStream stream, CancellationToken ending)
    {
        try
        {
            while (await requests.MoveNext(ending))
            {
                foreach (var proposal in requests.Current.Proposals)
                {
                    // Waiting here is the back pressure: while the log is full nothing more is read.
                    await stream.ProposeAsync(WireFormat.FromWire(proposal), ending);
                }
            }
            return "the client ended the stream";
        }
        catch (ProposalStreamBrokenException e)
        {
            return e.Message;
        }
        catch (ArgumentOutOfRangeException e)
        {
            return e.Message;
        }
        catch (Exception e) when (ending.IsCancellationRequested && e is OperationCanceledException or RpcException or IOException)
        {
            return "the call was ended";
        }
    }
}
