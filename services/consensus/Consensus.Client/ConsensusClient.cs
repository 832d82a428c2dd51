using System.Globalization;
using System.Runtime.CompilerServices;
using Consensus.Client.Batching;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Core;
using Grpc.Net.Client;

namespace Consensus.Client;

/// <summary>The gRPC binding of <see cref="IConsensus"/>: one consensus member, reached over a channel.</summary>
public sealed class ConsensusClient : IConsensus, IDisposable
{
    private readonly ConsensusLog.ConsensusLogClient _log;
    private readonly ReadIndexBatcher _reads;
    private readonly GrpcChannel? _ownedChannel;

    /// <param name="channel">Must accept messages of any size, as <see cref="Connect"/> sets it; stays the caller's.</param>
    public ConsensusClient(GrpcChannel channel)
    {
        _log = new ConsensusLog.ConsensusLogClient(channel);
        _reads = new ReadIndexBatcher(_log);
    }

    private ConsensusClient(GrpcChannel channel, bool _)
        : this(channel) => _ownedChannel = channel;

    /// <summary>A client with a channel of its own.</summary>
    /// <param name="address">For example "http://consensus-0:8080".</param>
    public static ConsensusClient Connect(string address) => new(
        GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null }), true);

    public IProposalStream OpenProposals() => new ProposalStreamClient(_log);

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = _log.Tail(new TailRequest { From = from.Value }, cancellationToken: cancellation);
        while (true)
        {
            try
            {
                if (!await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false))
                    throw new LogUnavailableException("the member ended the tail");
            }
            catch (RpcException e)
            {
                throw Translate(e, cancellation);
            }
            yield return WireFormat.FromWire(call.ResponseStream.Current);
        }
    }

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) => _reads.NextAsync(cancellation);

    public async ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation)
    {
        try
        {
            return WireFormat.FromWire(await _log.GetStatusAsync(new StatusRequest(), cancellationToken: cancellation).ConfigureAwait(false));
        }
        catch (RpcException e)
        {
            throw Translate(e, cancellation);
        }
    }

    public async ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation)
    {
        var request = new ReportDurableRequest { StorageReplica = storageReplica, DurableIndex = durable.Value };
        try
        {
            await _log.ReportDurableAsync(request, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Translate(e, cancellation);
        }
    }

    public void Dispose() => _ownedChannel?.Dispose();

    /// <summary>What the contract says for a failed call.</summary>
    private static Exception Translate(RpcException e, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return new OperationCanceledException(e.Message, e, cancellation);
        if (e.StatusCode == StatusCode.OutOfRange
            && ulong.TryParse(e.Trailers.GetValue(WireFormat.FirstIndexTrailer), CultureInfo.InvariantCulture, out var first))
        {
            return new LogCompactedException(new LogIndex(first));
        }
        return new LogUnavailableException($"consensus cannot be reached: {e.Status.Detail}", e);
    }
}
