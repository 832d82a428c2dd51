using System.Diagnostics;

namespace ApiGateway.Host.Tracing;

/// <summary>The gateway's spans. Without a listener nothing is made, not even a name.</summary>
internal static class GatewayTracing
{
    public static readonly ActivitySource Source = new("Distributed.Gateway");

    /// <summary>A server span for a request, child of the caller's span when the request carries a W3C traceparent; null when nobody listens.</summary>
    public static Activity? StartRequest(HttpContext context, string name)
    {
        if (!Source.HasListeners())
            return null;
        var headers = context.Request.Headers;
        // Without a caller's context the span is a root, whatever ASP.NET has made current for its own logs.
        if (ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var parent))
            return Source.StartActivity(name, ActivityKind.Server, parent);
        Activity.Current = null;
        return Source.StartActivity(name, ActivityKind.Server);
    }

    /// <summary>A span for one delivered watch message, child of the span that fanned it out; null unless that one is sampled.</summary>
    public static Activity? StartSend(ActivityContext fanOut) =>
        fanOut.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? Source.StartActivity("watch.send", ActivityKind.Producer, fanOut) : null;
}
