using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Metrics;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Storage.Contracts.Auth;
using Member = EtcdApi.Etcdserverpb.Member;

namespace ApiGateway.Host.Admin;

/// <summary>etcdserverpb.Cluster: the members and their changes. Its headers carry no revision.</summary>
internal sealed class ClusterService(ClusterView cluster, ReadBarrier barrier, MembershipChanges changes, CallGate gate, Callers callers)
{
    public async Task<Reply> MemberListAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(MemberListRequest.Parser, request);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.AnyUser, context.CancellationToken).ConfigureAwait(false);
        var view = asked.Linearizable
            ? await cluster.RefreshAsync(await barrier.ReadIndexAsync().ConfigureAwait(false), context.CancellationToken).ConfigureAwait(false)
            : await cluster.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        var answer = new MemberListResponse();
        answer.Members.AddRange(All(view.Status.Members));
        return new Reply(view.Header, 0, view.Status.Term.Value, answer.ToByteArray());
    }

    public async Task<Reply> MemberAddAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(MemberAddRequest.Parser, request);
        var urls = Checked(asked.PeerURLs);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        var (id, result) = await changes.AddAsync(urls, asked.IsLearner).ConfigureAwait(false);
        var (view, members) = await OutcomeAsync(result).ConfigureAwait(false);
        var answer = new MemberAddResponse { Member = new Member { ID = id.Value, PeerURLs = { urls }, IsLearner = asked.IsLearner } };
        answer.Members.AddRange(members);
        return new Reply(view.Header, 0, result.Term.Value, answer.ToByteArray());
    }

    public async Task<Reply> MemberRemoveAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(MemberRemoveRequest.Parser, request);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        var result = await changes.RemoveAsync(new MemberId(asked.ID)).ConfigureAwait(false);
        var (view, members) = await OutcomeAsync(result).ConfigureAwait(false);
        var answer = new MemberRemoveResponse();
        answer.Members.AddRange(members);
        return new Reply(view.Header, 0, result.Term.Value, answer.ToByteArray());
    }

    public async Task<Reply> MemberUpdateAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(MemberUpdateRequest.Parser, request);
        // A 3.5 server takes any text here, and dies of it later.
        var urls = Checked(asked.PeerURLs);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        var result = await changes.UpdateAsync(new MemberId(asked.ID), urls).ConfigureAwait(false);
        var (view, members) = await OutcomeAsync(result).ConfigureAwait(false);
        var answer = new MemberUpdateResponse();
        answer.Members.AddRange(members);
        return new Reply(view.Header, 0, result.Term.Value, answer.ToByteArray());
    }

    public async Task<Reply> MemberPromoteAsync(byte[] request, ServerCallContext context)
    {
        gate.Check(context.GetHttpContext());
        var asked = ProtoBody.Parse(MemberPromoteRequest.Parser, request);
        await callers.RequireAsync(context.GetHttpContext(), AccessRequest.Admin, context.CancellationToken).ConfigureAwait(false);
        var result = await changes.PromoteAsync(new MemberId(asked.ID)).ConfigureAwait(false);
        var (view, members) = await OutcomeAsync(result).ConfigureAwait(false);
        var answer = new MemberPromoteResponse();
        answer.Members.AddRange(members);
        return new Reply(view.Header, 0, result.Term.Value, answer.ToByteArray());
    }

    private static IReadOnlyList<string> Checked(IEnumerable<string> peerUrls) => PeerUrls.Normalize(peerUrls, out var urls).Length == 0
        ? urls
        : throw new RequestFailedException(EtcdError.MemberBadUrls);

    private async ValueTask<(ClusterView.Snapshot View, IEnumerable<Member> Members)> OutcomeAsync(MembershipResult result)
    {
        RequestFailedException.ThrowIf(EtcdErrors.Of(result.Error));
        var view = await cluster.GetAsync().ConfigureAwait(false);
        return (view, All(cluster.Present(result.Members, view.Status.Self)));
    }

    private static IEnumerable<Member> All(IEnumerable<Consensus.Contracts.Member> members) => members
        .OrderBy(static member => member.Id.Value)
        .Select(static member => new Member
        {
            ID = member.Id.Value,
            Name = member.Name,
            PeerURLs = { member.PeerUrls },
            ClientURLs = { member.ClientUrls },
            IsLearner = member.IsLearner,
        });
}

/// <summary>Binds <see cref="ClusterService"/> under its public name.</summary>
internal sealed class ClusterMethods(GatewayOptions options, GrpcMetrics metrics) : IServiceMethodProvider<ClusterService>
{
    public const string ServiceName = "etcdserverpb.Cluster";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ClusterService> context)
    {
        var methods = new MethodBinder<ClusterService>(context, ServiceName, options, metrics);
        methods.Unary("MemberAdd", static (service, request, call) => service.MemberAddAsync(request, call));
        methods.Unary("MemberRemove", static (service, request, call) => service.MemberRemoveAsync(request, call));
        methods.Unary("MemberUpdate", static (service, request, call) => service.MemberUpdateAsync(request, call));
        methods.Unary("MemberList", static (service, request, call) => service.MemberListAsync(request, call));
        methods.Unary("MemberPromote", static (service, request, call) => service.MemberPromoteAsync(request, call));
    }
}
