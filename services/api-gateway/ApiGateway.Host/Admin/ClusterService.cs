using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ApiGateway.Host.Admin;

/// <summary>etcdserverpb.Cluster: the member list. Its headers carry no revision.</summary>
internal sealed class ClusterService(ClusterView cluster, ReadBarrier barrier)
{
    public async Task<Reply> MemberListAsync(byte[] request, ServerCallContext context)
    {
        var asked = ProtoBody.Parse(MemberListRequest.Parser, request);
        if (asked.Linearizable)
            await barrier.ReadIndexAsync().ConfigureAwait(false);
        var view = await cluster.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        var answer = new MemberListResponse();
        foreach (var member in view.Status.Members.OrderBy(member => member.Id.Value))
        {
            answer.Members.Add(new Member
            {
                ID = member.Id.Value,
                Name = member.Name,
                PeerURLs = { member.PeerUrls },
                ClientURLs = { member.ClientUrls },
                IsLearner = member.IsLearner,
            });
        }
        return new Reply(view.Header, 0, view.Status.Term.Value, answer.ToByteArray());
    }
}

/// <summary>Binds <see cref="ClusterService"/> under its public name.</summary>
internal sealed class ClusterMethods(GatewayOptions options) : IServiceMethodProvider<ClusterService>
{
    public const string ServiceName = "etcdserverpb.Cluster";

    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<ClusterService> context) =>
        new MethodBinder<ClusterService>(context, ServiceName, options)
            .Unary("MemberList", static (service, request, call) => service.MemberListAsync(request, call));
}
