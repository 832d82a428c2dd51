using ApiGateway.Core.Errors;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Slow;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Admin;

/// <summary>etcdserverpb.Maintenance, status, alarms, hashes, defragmentation, snapshots, moving the leadership, downgrades.</summary>
internal sealed class MaintenanceService(
    CallerProposals proposer, Callers callers, IConsensus consensus, IStorage storage, ClusterView cluster, ReadBarrier barrier, CallGate gate, GatewayOptions options,
    SnapshotCalls snapshots, DowngradeCalls downgrades)
{
    private static readonly byte[] s_probe = new RangeRequest { Key = ByteString.CopyFrom(0), Limit = 1 }.ToByteArray();

    /// <summary>The one call that streams.</summary>
    public SnapshotCalls Snapshots => snapshots;

    public DowngradeCalls Downgrades => downgrades;

    public async Task<Reply> StatusAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext(), isServedByLearners: true);
        ProtoBody.Parse(StatusRequest.Parser, request);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        var view = await cluster.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        var state = await StorageStatusAsync(context).ConfigureAwait(false);
        var answer = new StatusResponse
        {
            Version = options.ServerVersion,
            DbSize = state.FileBytes,
            DbSizeInUse = state.FileBytesInUse,
            Leader = view.Status.Leader.Value,
            RaftIndex = view.Status.CommitIndex.Value,
            RaftTerm = view.Status.Term.Value,
            RaftAppliedIndex = state.AppliedIndex.Value,
            IsLearner = view.Status.IsLearner,
        };
        if (view.Status.Leader.Value == 0)
            answer.Errors.Add(EtcdErrors.Status(EtcdError.NoLeader).Message);
        // The space at the end is etcd's.
        answer.Errors.AddRange(state.Alarms.Select(alarm => $"memberID:{alarm.MemberId} alarm:{AlarmName(alarm.AlarmType)} "));
        return new Reply(view.Header, state.Revision, view.Status.Term.Value, answer.ToByteArray());
    }

    public async Task<Reply> AlarmAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(AlarmRequest.Parser, request);
        if (asked.Action != AlarmRequest.Types.AlarmAction.Get)
        {
            var result = await proposer.ProposeAsync(context.GetHttpContext(), CommandKind.Alarm, request, Purpose.Administration).ConfigureAwait(false);
            cluster.Observe(result.Revision, result.Index);
            RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
            return new Reply((await cluster.GetAsync().ConfigureAwait(false)).Header, result.Revision, result.Term.Value, result.Body) { Stamps = RequestStamps.Of(result) };
        }
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.AnyUser, context.CancellationToken).ConfigureAwait(false);
        var view = await cluster.GetAsync().ConfigureAwait(false);
        // In etcd this goes through the log: whoever raised an alarm before sees it here. A read that has applied the index waits for the replica.
        var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
        await barrier.BoundedAsync(storage.RangeAsync(s_probe, index, Caller.Internal, context.CancellationToken), EtcdError.Timeout).ConfigureAwait(false);
        var state = await StorageStatusAsync(context).ConfigureAwait(false);
        var answer = new AlarmResponse();
        answer.Alarms.AddRange(state.Alarms
            .Where(alarm => asked.Alarm == AlarmType.None || alarm.AlarmType == (int)asked.Alarm)
            .Select(alarm => new AlarmMember { MemberID = alarm.MemberId, Alarm = (AlarmType)alarm.AlarmType }));
        return new Reply(view.Header, state.Revision, view.Status.Term.Value, answer.ToByteArray());
    }

    public async Task<Reply> HashKvAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(HashKVRequest.Parser, request);
        await callers.RequireAdminUntranslatedAsync(context).ConfigureAwait(false);
        var result = await ReadBarrier.ReachedAsync(storage.HashKvAsync(asked.Revision, context.CancellationToken), EtcdError.Timeout).ConfigureAwait(false);
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        // hash_revision came with 3.6; a 3.5 server does not send it.
        var answer = new HashKVResponse { Hash = result.Hash, CompactRevision = result.CompactRevision };
        return new Reply(
            (await cluster.GetAsync().ConfigureAwait(false)).Header, result.CurrentRevision, result.Term.Value, answer.ToByteArray());
    }

    /// <summary>Of the whole data file of this gateway's replica.</summary>
    public async Task<Reply> HashAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        ProtoBody.Parse(HashRequest.Parser, request);
        await callers.RequireAdminUntranslatedAsync(context).ConfigureAwait(false);
        var hash = await ReadBarrier.ReachedAsync(storage.HashAsync(context.CancellationToken), EtcdError.Timeout).ConfigureAwait(false);
        var state = await StorageStatusAsync(context).ConfigureAwait(false);
        return new Reply(
            (await cluster.GetAsync().ConfigureAwait(false)).Header, state.Revision, state.AppliedTerm.Value, new HashResponse { Hash = hash }.ToByteArray());
    }

    /// <summary>Starts it and answers; unlike in etcd nothing waits for it. The answer has no header.</summary>
    public async Task<Reply> DefragmentAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        ProtoBody.Parse(DefragmentRequest.Parser, request);
        await callers.RequireAdminUntranslatedAsync(context).ConfigureAwait(false);
        await ReadBarrier.ReachedAsync(storage.DefragmentAsync(context.CancellationToken), EtcdError.Timeout).ConfigureAwait(false);
        return Reply.WithoutHeader(default);
    }

    /// <summary>Asked of the leader's member; its answer has no header.</summary>
    public async Task<Reply> MoveLeaderAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(MoveLeaderRequest.Parser, request);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        var view = await cluster.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        var target = new MemberId(asked.TargetID);
        // It is there already.
        if (view.Status.Leader == target && view.Status.Self == target)
            return Reply.WithoutHeader(default);
        TransferOutcome outcome;
        try
        {
            outcome = await barrier.BoundedAsync(
                consensus.TransferLeadershipAsync(target, context.CancellationToken), EtcdError.TimeoutLeaderTransfer).ConfigureAwait(false);
        }
        finally
        {
            cluster.LookNow();
        }
        RequestFailedException.ThrowIf(EtcdErrors.Of(outcome));
        return Reply.WithoutHeader(default);
    }

    /// <summary>The name of an alarm type as etcd prints it.</summary>
    internal static string AlarmName(int alarmType) => alarmType switch { 1 => "NOSPACE", 2 => "CORRUPT", _ => "NONE" };

    private ValueTask<StorageStatus> StorageStatusAsync(ServerCallContext context) =>
        barrier.BoundedAsync(storage.GetStatusAsync(context.CancellationToken), EtcdError.Timeout);
}
