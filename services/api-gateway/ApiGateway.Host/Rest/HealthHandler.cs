using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using ApiGateway.Host.Admin;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Rest;

/// <summary>/health in etcd 3.5's form: no alarm, a leader, and one read that succeeds.</summary>
internal sealed class HealthHandler(IStorage storage, ReadBarrier barrier, ClusterView cluster)
{
    private static readonly byte[] s_probe = new RangeRequest { Key = ByteString.CopyFromUtf8("health"), Limit = 1 }.ToByteArray();

    public async Task HandleAsync(HttpContext context, string query)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET").ConfigureAwait(false);
            return;
        }
        var reason = await ReasonAsync(context, query).ConfigureAwait(false);
        var (status, body) = reason.Length == 0
            ? (StatusCodes.Status200OK, "{\"health\":\"true\",\"reason\":\"\"}")
            : (StatusCodes.Status503ServiceUnavailable, $"{{\"health\":\"false\",\"reason\":{GoJson.Quote(reason)}}}\n");
        await RestResponse.WriteAsync(context, status, RestResponse.Text, body).ConfigureAwait(false);
    }

    /// <summary>Why it is not healthy; "" when it is.</summary>
    private async Task<string> ReasonAsync(HttpContext context, string query)
    {
        var excluded = context.Request.Query["exclude"];
        var form = new FormValues();
        form.Add(query);
        var isLocal = form.Find("serializable") == "true";
        try
        {
            var state = await barrier.BoundedAsync(storage.GetStatusAsync(context.RequestAborted), EtcdError.Timeout).ConfigureAwait(false);
            foreach (var (_, alarmType) in state.Alarms)
            {
                var alarm = MaintenanceService.AlarmName(alarmType);
                if (!excluded.Contains(alarm))
                    return $"ALARM {alarm}";
            }
            var view = await cluster.RefreshAsync(context.RequestAborted).ConfigureAwait(false);
            if (!isLocal && view.Status.Leader.Value == 0)
                return "RAFT NO LEADER";
            var minApplied = isLocal ? default : await barrier.ReadIndexAsync().ConfigureAwait(false);
            var reading = storage.RangeAsync(s_probe, minApplied, Caller.Internal, context.RequestAborted);
            var read = await barrier.BoundedAsync(reading, EtcdError.TimeoutWaitingForApply).ConfigureAwait(false);
            return read.Error == StorageError.None ? "" : $"RANGE ERROR:{EtcdErrors.Status(EtcdErrors.Of(read.Error)).Message}";
        }
        catch (RequestFailedException exception)
        {
            return $"RANGE ERROR:{exception.Status.Detail}";
        }
    }
}
