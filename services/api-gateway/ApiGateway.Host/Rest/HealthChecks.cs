using System.Text;
using ApiGateway.Host.Calls;

namespace ApiGateway.Host.Rest;

/// <summary>/livez and /readyz, as etcd has them since 3.5.11: a list of checks, all of which have to pass, each also by itself below its list's path.</summary>
/// <remarks>etcd runs the checks of a list in no order; here it is the one in which they are written down.</remarks>
internal sealed class HealthChecks
{
    private readonly Dictionary<string, (string Name, Func<CancellationToken, Task<string>> Run)[]> _lists;
    private readonly HealthMetrics _metrics;

    public HealthChecks(HealthProbe probe, HealthMetrics metrics)
    {
        _metrics = metrics;
        _lists = new(StringComparer.Ordinal)
        {
            ["livez"] = [("serializable_read", probe.SerializableReadAsync)],
            ["readyz"] =
            [
                ("data_corruption", probe.DataCorruptionAsync),
                ("serializable_read", probe.SerializableReadAsync),
                ("linearizable_read", probe.LinearizableReadAsync),
                ("non_learner", probe.NonLearnerAsync),
            ],
        };
    }

    /// <summary>Answers, if the path is one of these: <c>/list</c> or <c>/list/check</c>.</summary>
    public bool TryHandle(HttpContext context, string path, out Task answering)
    {
        answering = Task.CompletedTask;
        var parts = path.Split('/');
        if (parts.Length is < 2 or > 3 || !_lists.TryGetValue(parts[1], out var checks))
            return false;
        if (parts.Length == 3)
            checks = [.. checks.Where(check => check.Name == parts[2])];
        if (checks.Length == 0)
            return false;
        answering = HttpMethods.IsGet(context.Request.Method)
            ? AnswerAsync(context, parts[1], checks, isList: parts.Length == 2)
            : RestResponse.MethodNotAllowedAsync(context, "GET");
        return true;
    }

    private async Task AnswerAsync(HttpContext context, string type, (string Name, Func<CancellationToken, Task<string>> Run)[] checks, bool isList)
    {
        // A check by its own path runs whatever else is said.
        var excluded = isList ? context.Request.Query["exclude"] : default;
        var lines = new StringBuilder();
        var isOk = true;
        foreach (var (name, run) in checks.Where(check => !excluded.Contains(check.Name)))
        {
            var failure = await RunAsync(run, context.RequestAborted).ConfigureAwait(false);
            _metrics.Checked(type, name, failure.Length == 0);
            isOk &= failure.Length == 0;
            lines.Append(failure.Length == 0 ? $"[+]{name} ok\n" : $"[-]{name} failed: {failure}\n");
        }
        var body = isOk ? (context.Request.Query.ContainsKey("verbose") ? lines.ToString() : "") + "ok" : lines.ToString();
        await RestResponse.ErrorAsync(context, isOk ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, body).ConfigureAwait(false);
    }

    private static async Task<string> RunAsync(Func<CancellationToken, Task<string>> check, CancellationToken cancellation)
    {
        try
        {
            return await check(cancellation).ConfigureAwait(false);
        }
        catch (RequestFailedException exception)
        {
            return exception.Status.Detail;
        }
    }
}
