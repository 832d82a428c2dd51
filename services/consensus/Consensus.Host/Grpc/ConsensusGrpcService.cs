using Consensus.Client;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Core;
using Microsoft.Extensions.Hosting;

namespace Consensus.Host.Grpc;

/// <summary>Serves any <see cref="IConsensus"/> over gRPC: decodes, calls, encodes, and beats while there is nothing to send.</summary>
public sealed class ConsensusGrpcService(IConsensus consensus, IHostApplicationLifetime lifetime) : ConsensusLog.ConsensusLogBase
{
    private static readonly TailBatch s_tailBeat = new();

    public override async Task Propose(
        IAsyncStreamReader<ProposeBatch> requestStream, IServerStreamWriter<ProposeBeat> responseStream, ServerCallContext context)
    {
        await using var stream = consensus.OpenProposals();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var writer = new BeatingWriter<ProposeBeat>(responseStream, TimeProvider.System);
        var beating = writer.BeatAsync(BeatAsync, ending.Token);
        var forwarding = ForwardAsync(requestStream, stream, ending.Token);
        // The call ends when the stream breaks, although the client may never send again.
        await Task.WhenAny(forwarding, stream.Broken);
        await ending.CancelAsync();
        var reason = await forwarding;
        await beating;
        // A process that stops ends its calls before its log: the stream itself may not know yet.
        var serves = !lifetime.ApplicationStopping.IsCancellationRequested
            && (!stream.Broken.IsCompleted || await stream.Broken == ProposalStreamEnd.MemberServes);
        try
        {
            await writer.WriteAsync(
                new ProposeBeat { Ended = stream.Broken.IsCompleted ? "the proposal stream has ended" : reason, Serves = serves }, context.CancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException or IOException or InvalidOperationException)
        {
            // The client has left, and needs no farewell.
        }
    }

    public override async Task Tail(TailRequest request, IServerStreamWriter<TailBatch> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var writer = new BeatingWriter<TailBatch>(responseStream, TimeProvider.System);
        var beating = writer.BeatAsync(static _ => new(s_tailBeat), ending.Token);
        try
        {
            await foreach (var batch in consensus.TailAsync(new LogIndex(request.From), ending.Token))
                await writer.WriteAsync(WireFormat.ToWire(batch), ending.Token);
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
        finally
        {
            await ending.CancelAsync();
            await beating;
        }
    }

    public override Task<ReadIndexReply> GetReadIndex(ReadIndexRequest request, ServerCallContext context) => AnswerAsync(async () =>
    {
        var read = await consensus.ReadIndexAsync(context.CancellationToken);
        return new ReadIndexReply { Index = read.Index.Value, Term = read.Term.Value };
    });

    public override Task<StatusReply> GetStatus(StatusRequest request, ServerCallContext context) => AnswerAsync(async () =>
        WireFormat.ToWire(await (request.AtLeast == 0
            ? consensus.GetStatusAsync(context.CancellationToken)
            : consensus.GetStatusAsync(new LogIndex(request.AtLeast), context.CancellationToken))));

    public override Task<MembershipChangeReply> ChangeMembership(MembershipChangeRequest request, ServerCallContext context) => AnswerAsync(
        async () => WireFormat.ToWire(await consensus.ChangeMembershipAsync(WireFormat.FromWire(request), context.CancellationToken)));

    public override Task<TransferReply> TransferLeadership(TransferRequest request, ServerCallContext context) => AnswerAsync(async () =>
        new TransferReply { Outcome = (uint)await consensus.TransferLeadershipAsync(new MemberId(request.Target), context.CancellationToken) });

    public override Task<ReportDurableReply> ReportDurable(ReportDurableRequest request, ServerCallContext context) => AnswerAsync(async () =>
    {
        await consensus.ReportDurableAsync(request.StorageReplica, new LogIndex(request.DurableIndex), context.CancellationToken);
        return new ReportDurableReply();
    });

    public override Task<KeepReply> Keep(KeepRequest request, ServerCallContext context) => AnswerAsync(async () =>
    {
        await consensus.KeepAsync(request.StorageReplica, new LogIndex(request.AfterIndex), context.CancellationToken);
        return new KeepReply();
    });

    public override Task<TimesReply> GetTimes(TimesRequest request, ServerCallContext context) => AnswerAsync(
        async () => WireFormat.ToWire(await consensus.GetTimesAsync(new LogIndex(request.Index), context.CancellationToken)));

    public override Task Hold(HoldRequest request, IServerStreamWriter<HoldReply> responseStream, ServerCallContext context) =>
        Ends.FirstAsync(context.CancellationToken, lifetime.ApplicationStopping);

    /// <summary>The exceptions of the contract as statuses.</summary>
    private static async Task<T> AnswerAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (NoLeaderException e)
        {
            throw new RpcException(
                new Status(StatusCode.Unavailable, e.Message), new Metadata { { WireFormat.NoLeaderTrailer, e.Message } });
        }
        catch (LogUnavailableException e)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, e.Message));
        }
    }

    private async ValueTask<ProposeBeat> BeatAsync(CancellationToken ending)
    {
        var status = await consensus.GetStatusAsync(ending);
        return new ProposeBeat { LeaderId = status.Leader.Value, Term = status.Term.Value };
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
        catch (Exception e) when (ending.IsCancellationRequested && (e is OperationCanceledException or RpcException or IOException))
        {
            return "the call was ended";
        }
    }
}
