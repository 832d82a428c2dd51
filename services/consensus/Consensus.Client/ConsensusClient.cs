using System.Globalization;
using System.Runtime.CompilerServices;
using Consensus.Client.Beats;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Core;
using Grpc.Net.Client;
using Liveness;

namespace Consensus.Client;

/// <summary>The gRPC binding of <see cref="IConsensus"/>: one consensus member, reached over a channel.</summary>
public sealed class ConsensusClient : IConsensus, IDisposable
{
    // A member that neither answers nor resets its connection must not hold up the readers that come later.
    private static readonly TimeSpan s_readIndexDeadline = TimeSpan.FromSeconds(2);

    private readonly ConsensusLog.ConsensusLogClient _log;
    private readonly ReadIndexBatcher _reads;
    private readonly TimeProvider _time;
    private readonly GrpcChannel? _ownedChannel;

    /// <param name="channel">Must accept messages of any size, as <see cref="Connect"/> sets it; stays the caller's.</param>
    /// <param name="time">Null: the system's.</param>
    public ConsensusClient(GrpcChannel channel, TimeProvider? time = null)
    {
        _log = new ConsensusLog.ConsensusLogClient(channel);
        _reads = new ReadIndexBatcher(AskReadIndexAsync);
        _time = time ?? TimeProvider.System;
    }

    private ConsensusClient(GrpcChannel channel, bool _)
        : this(channel) => _ownedChannel = channel;

    /// <summary>A client with a channel of its own.</summary>
    /// <param name="address">For example "http://consensus-0:8080".</param>
    public static ConsensusClient Connect(string address) => new(
        GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new TrafficHandler(new SocketsHttpHandler { EnableMultipleHttp2Connections = true }),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        }),
        true);

    public IProposalStream OpenProposals() => new ProposalStreamClient(_log, _time);

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var traffic = new CallTraffic();
        using var call = traffic.Open(() => _log.Tail(new TailRequest { From = from.Value }, cancellationToken: cancellation));
        using var silence = new SilenceWatch(BeatTiming.Silence, traffic, _time, call.Dispose);
        while (true)
        {
            try
            {
                // While the consumer works, nobody reads: that silence is ours.
                silence.Resume();
                if (!await call.ResponseStream.MoveNext(cancellation).ConfigureAwait(false))
                    throw new LogUnavailableException("the member ended the tail");
                silence.Pause();
            }
            catch (RpcException e)
            {
                throw Translate(e, cancellation);
            }
            catch (Exception e) when (CallLoss.Is(e) && !cancellation.IsCancellationRequested)
            {
                throw new LogUnavailableException("the member has fallen silent", e);
            }
            // Without entries it was a beat.
            if (call.ResponseStream.Current.Entries.Count > 0)
                yield return WireFormat.FromWire(call.ResponseStream.Current);
        }
    }

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) => _reads.NextAsync(cancellation);

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) => GetStatusAsync(default, cancellation);

    public async ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation)
    {
        var request = new StatusRequest { AtLeast = atLeast.Value };
        return WireFormat.FromWire(await AnswerAsync(_log.GetStatusAsync(request, cancellationToken: cancellation), cancellation).ConfigureAwait(false));
    }

    public async ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation)
    {
        var request = WireFormat.ToWire(change);
        return WireFormat.FromWire(
            await AnswerAsync(_log.ChangeMembershipAsync(request, cancellationToken: cancellation), cancellation).ConfigureAwait(false));
    }

    public async ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation)
    {
        var request = new TransferRequest { Target = target.Value };
        var reply = await AnswerAsync(_log.TransferLeadershipAsync(request, cancellationToken: cancellation), cancellation).ConfigureAwait(false);
        return (TransferOutcome)reply.Outcome;
    }

    public async ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation)
    {
        var request = new ReportDurableRequest { StorageReplica = storageReplica, DurableIndex = durable.Value };
        await AnswerAsync(_log.ReportDurableAsync(request, cancellationToken: cancellation), cancellation).ConfigureAwait(false);
    }

    public async ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation)
    {
        var request = new KeepRequest { StorageReplica = storageReplica, AfterIndex = after.Value };
        await AnswerAsync(_log.KeepAsync(request, cancellationToken: cancellation), cancellation).ConfigureAwait(false);
    }

    public async ValueTask<EntryTimes?> GetTimesAsync(LogIndex index, CancellationToken cancellation)
    {
        var request = new TimesRequest { Index = index.Value };
        return WireFormat.FromWire(await AnswerAsync(_log.GetTimesAsync(request, cancellationToken: cancellation), cancellation).ConfigureAwait(false));
    }

    public void Dispose() => _ownedChannel?.Dispose();

    private async ValueTask<ReadIndex> AskReadIndexAsync()
    {
        try
        {
            var reply = await _log.GetReadIndexAsync(
                new ReadIndexRequest(), deadline: DateTime.UtcNow + s_readIndexDeadline).ConfigureAwait(false);
            return new ReadIndex(new(reply.Index), new(reply.Term));
        }
        catch (RpcException e)
        {
            throw new NoLeaderException(
                e.Trailers.GetValue(WireFormat.NoLeaderTrailer) ?? $"consensus cannot be reached: {e.Status.Detail}");
        }
    }

    private static async ValueTask<T> AnswerAsync<T>(AsyncUnaryCall<T> call, CancellationToken cancellation)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Translate(e, cancellation);
        }
    }

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
        return e.Trailers.GetValue(WireFormat.NoLeaderTrailer) is { } noLeader
            ? new NoLeaderException(noLeader)
            : new LogUnavailableException($"consensus cannot be reached: {e.Status.Detail}", e);
    }
}
