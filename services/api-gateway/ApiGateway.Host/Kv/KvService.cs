using System.Diagnostics;
using System.Runtime.CompilerServices;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Requests;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Proposing;
using ApiGateway.Host.Slow;
using ApiGateway.Host.Tracing;
using Consensus.Contracts;
using Grpc.Core;
using Storage.Contracts;

namespace ApiGateway.Host.Kv;

/// <summary>etcdserverpb.KV: each call looks at the request's bytes, and hands these same bytes on.</summary>
internal sealed class KvService(
    CallerProposals proposer, Callers callers, SpaceGuard space, IStorage storage, ReadBarrier barrier, ClusterView cluster, CallGate gate, GatewayOptions options)
{
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Reply> RangeAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.KV/Range");
        var refused = RangeCheck.Check(request, out var serializable, out var isSingleKey);
        // Before the request itself is looked at, as etcd does it.
        gate.Check(http, isServedByLearners: serializable);
        RequestFailedException.ThrowIf(refused);
        LogIndex minApplied = default;
        long indexed = 0;
        if (!serializable)
        {
            var confirming = barrier.ReadIndexAsync();
            var isConfirmed = confirming.IsCompletedSuccessfully;
            minApplied = await confirming.ConfigureAwait(false);
            indexed = isConfirmed ? 0 : Stopwatch.GetTimestamp();
        }
        // One key is read faster than a cancellation could be noticed, and the token alone would cost as much.
        var cancellation = isSingleKey ? CancellationToken.None : context.CancellationToken;
        var reading = callers.CallAsync(
            http, Purpose.Keys, (storage, request, minApplied, cancellation),
            static (of, caller) => of.storage.RangeAsync(of.request, of.minApplied, caller, of.cancellation), Callers.RefusalOf);
        return await AnswerAsync(await barrier.BoundedAsync(reading, EtcdError.TimeoutWaitingForApply).ConfigureAwait(false), indexed)
            .ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Reply> PutAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.KV/Put");
        gate.Check(http);
        RequestFailedException.ThrowIf(PutCheck.Check(request));
        await space.AdmitAsync(SpaceCost.OfPut(request)).ConfigureAwait(false);
        return await AnswerAsync(await proposer.ProposeAsync(http, CommandKind.Put, request).ConfigureAwait(false)).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Reply> DeleteRangeAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.KV/DeleteRange");
        gate.Check(http);
        RequestFailedException.ThrowIf(DeleteRangeCheck.Check(request));
        return await AnswerAsync(await proposer.ProposeAsync(http, CommandKind.DeleteRange, request).ConfigureAwait(false)).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Reply> TxnAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.KV/Txn");
        gate.Check(http);
        RequestFailedException.ThrowIf(TxnCheck.Check(request, options.MaxTxnOperations, out var shape));
        if (!shape.IsReadOnly)
        {
            await space.AdmitAsync(SpaceCost.OfTxn(request)).ConfigureAwait(false);
            return await AnswerAsync(await proposer.ProposeAsync(http, CommandKind.Txn, request).ConfigureAwait(false)).ConfigureAwait(false);
        }
        var minApplied = shape.IsSerializable ? default : await barrier.ReadIndexAsync().ConfigureAwait(false);
        var indexed = shape.IsSerializable ? 0 : Stopwatch.GetTimestamp();
        var reading = callers.CallAsync(
            http, Purpose.Keys, (storage, request, minApplied, context.CancellationToken),
            static (of, caller) => of.storage.ReadOnlyTxnAsync(of.request, of.minApplied, caller, of.CancellationToken), Callers.RefusalOf);
        return await AnswerAsync(await barrier.BoundedAsync(reading, EtcdError.TimeoutWaitingForApply).ConfigureAwait(false), indexed)
            .ConfigureAwait(false);
    }

    public async Task<Reply> CompactAsync(byte[] request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.KV/Compact");
        gate.Check(http);
        var compaction = ProtoBody.Parse(EtcdApi.Etcdserverpb.CompactionRequest.Parser, request);
        var result = await proposer.ProposeAsync(http, CommandKind.Compact, request, Purpose.Administration).ConfigureAwait(false);
        if (result.Error == StorageError.None)
            cluster.ObserveCompaction(compaction.Revision);
        // As long as it takes: whoever asks for this wants the space.
        if (compaction.Physical && result.Error == StorageError.None)
            await ReadBarrier.ReachedAsync(storage.SweptAsync(compaction.Revision, context.CancellationToken), EtcdError.Timeout).ConfigureAwait(false);
        return await AnswerAsync(result).ConfigureAwait(false);
    }

    private ValueTask<Reply> AnswerAsync(in CommandResult result)
    {
        cluster.Observe(result.Revision, result.Index);
        return AnswerAsync(result.Error, result.Revision, result.Term, result.Body, RequestStamps.Of(result));
    }

    private ValueTask<Reply> AnswerAsync(in ReadResult result, long indexed)
    {
        cluster.Observe(result.Revision, result.AppliedIndex);
        return AnswerAsync(result.Error, result.Revision, result.AppliedTerm, result.Body, new RequestStamps(default, 0, 0, indexed));
    }

    private ValueTask<Reply> AnswerAsync(StorageError error, long revision, Term term, ReadOnlyMemory<byte> body, in RequestStamps stamps)
    {
        RequestFailedException.ThrowIf(EtcdErrors.Of(error));
        var view = cluster.GetAsync();
        return view.IsCompletedSuccessfully
            ? new ValueTask<Reply>(new Reply(view.Result.Header, revision, term.Value, body) { Stamps = stamps })
            : SlowAsync(view, revision, term, body, stamps);

        static async ValueTask<Reply> SlowAsync(
            ValueTask<ClusterView.Snapshot> view, long revision, Term term, ReadOnlyMemory<byte> body, RequestStamps stamps) =>
            new((await view.ConfigureAwait(false)).Header, revision, term.Value, body) { Stamps = stamps };
    }
}
