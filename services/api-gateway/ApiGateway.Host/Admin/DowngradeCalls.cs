using ApiGateway.Core.Errors;
using ApiGateway.Core.Versions;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Contracts;
using Storage.Contracts.Auth;
using Action = EtcdApi.Etcdserverpb.DowngradeRequest.Types.DowngradeAction;

namespace ApiGateway.Host.Admin;

/// <summary>
/// Maintenance.Downgrade: says whether the cluster could be taken back a release, notes that it is to be, or no more. As in etcd 3.5 the note alone changes no version: members of the
/// older release would.
/// </summary>
/// <remarks>etcd 3.5 makes the note too, and then never answers ENABLE and CANCEL but with "request timed out".</remarks>
internal sealed class DowngradeCalls(CallerProposals proposer, Callers callers, IStorage storage, ClusterView cluster, ReadBarrier barrier, CallGate gate, GatewayOptions options)
    : IDowngradeState
{
    public async Task<Reply> DowngradeAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(DowngradeRequest.Parser, request);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        return asked.Action switch
        {
            Action.Validate => await ValidateAsync(asked, context).ConfigureAwait(false),
            Action.Enable => await ProposeAsync(new DowngradeRequest { Action = Action.Enable, Version = TargetOf(asked) }, context).ConfigureAwait(false),
            Action.Cancel => await ProposeAsync(new DowngradeRequest { Action = Action.Cancel }, context).ConfigureAwait(false),
            _ => throw new RequestFailedException(EtcdError.UnknownMethod),
        };
    }

    public async Task<bool> IsEnabledAsync(CancellationToken cancellation) => (await TargetAsync(cancellation).ConfigureAwait(false)).Target.Length > 0;

    // As of now; "": none.
    private async Task<(string Target, StorageStatus Status)> TargetAsync(CancellationToken cancellation)
    {
        var index = await barrier.ReadIndexAsync().ConfigureAwait(false);
        // Any read that waits for the index does.
        await barrier.BoundedAsync(storage.LeaseKeysAsync(0, index, cancellation), EtcdError.Timeout).ConfigureAwait(false);
        var status = await barrier.BoundedAsync(storage.GetStatusAsync(cancellation), EtcdError.Timeout).ConfigureAwait(false);
        return (status.DowngradeTarget, status);
    }

    private string TargetOf(DowngradeRequest asked)
    {
        RequestFailedException.ThrowIf(DowngradeRule.Decide(asked.Version, options.ClusterVersion, out var target));
        return target;
    }

    private async Task<Reply> ValidateAsync(DowngradeRequest asked, ServerCallContext context)
    {
        TargetOf(asked);
        var (target, status) = await TargetAsync(context.CancellationToken).ConfigureAwait(false);
        if (target.Length > 0)
            throw new RequestFailedException(EtcdError.DowngradeInProcess);
        return await AnswerAsync(status.Revision, status.AppliedTerm.Value).ConfigureAwait(false);
    }

    private async Task<Reply> ProposeAsync(DowngradeRequest job, ServerCallContext context)
    {
        var result = await proposer.ProposeAsync(context.GetHttpContext(), CommandKind.Downgrade, job.ToByteArray(), Purpose.Administration).ConfigureAwait(false);
        cluster.Observe(result.Revision, result.Index);
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        return await AnswerAsync(result.Revision, result.Term.Value).ConfigureAwait(false);
    }

    private async Task<Reply> AnswerAsync(long revision, ulong term) =>
        new((await cluster.GetAsync().ConfigureAwait(false)).Header, revision, term, new DowngradeResponse { Version = options.ClusterVersion }.ToByteArray());
}
