using ApiGateway.Core.V2;
using ApiGateway.Host.Admin;
using ApiGateway.Host.Calls;

namespace ApiGateway.Host.Rest;

/// <summary>/health in etcd 3.5's form: no alarm, a leader, and one read that succeeds.</summary>
internal sealed class HealthHandler(HealthProbe probe, HealthMetrics metrics)
{
    public async Task HandleAsync(HttpContext context, string query)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await RestResponse.MethodNotAllowedAsync(context, "GET").ConfigureAwait(false);
            return;
        }
        var reason = await ReasonAsync(context, query).ConfigureAwait(false);
        if (reason.Length == 0)
        {
            metrics.Successes.Increment();
            await RestResponse.WriteAsync(context, StatusCodes.Status200OK, RestResponse.Text, "{\"health\":\"true\",\"reason\":\"\"}").ConfigureAwait(false);
            return;
        }
        metrics.Failures.Increment();
        await RestResponse.ErrorAsync(
            context, StatusCodes.Status503ServiceUnavailable, $"{{\"health\":\"false\",\"reason\":{GoJson.Quote(reason)}}}").ConfigureAwait(false);
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
            foreach (var alarm in await probe.AlarmsAsync(context.RequestAborted).ConfigureAwait(false))
            {
                var name = MaintenanceService.AlarmName((int)alarm);
                if (!excluded.Contains(name))
                    return $"ALARM {name}";
            }
            if (!isLocal && !await probe.HasLeaderAsync(context.RequestAborted).ConfigureAwait(false))
                return "RAFT NO LEADER";
            var failure = await (isLocal ? probe.SerializableReadAsync(context.RequestAborted) : probe.LinearizableReadAsync(context.RequestAborted))
                .ConfigureAwait(false);
            return failure.Length == 0 ? "" : $"RANGE ERROR:{failure}";
        }
        catch (RequestFailedException exception)
        {
            return $"RANGE ERROR:{exception.Status.Detail}";
        }
    }
}
