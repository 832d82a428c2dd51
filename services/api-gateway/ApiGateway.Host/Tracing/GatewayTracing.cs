using System.Diagnostics;
using Hosting.Telemetry;

namespace ApiGateway.Host.Tracing;

/// <summary>The gateway's spans. Without a listener nothing is made, not even a name.</summary>
internal static class GatewayTracing
{
    public static readonly ActivitySource Source = new("Distributed.Gateway");

    /// <summary>A server span for a request, child of the caller's span when the request carries a W3C traceparent; null when nobody listens, and when it is not sampled.</summary>
    public static Activity? StartRequest(HttpContext context, string name)
    {
        if (!Source.HasListeners())
            return null;
        var headers = context.Request.Headers;
        // Without a caller's context the span is a root, whatever ASP.NET has made current for its own logs.
        if (ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var parent))
            return RequestSampling.Wants(parent) ? Noted(context, Source.StartActivity(name, ActivityKind.Server, parent)) : null;
        if (!RequestSampling.WantsRoot)
            return null;
        Activity.Current = null;
        return Noted(context, Source.StartActivity(name, ActivityKind.Server));
    }

    /// <summary>The trace that a request is part of: its span's if it is sampled, else the caller's; default: none.</summary>
    public static ActivityContext TraceOf(HttpContext context) =>
        context.Features.Get<RequestTrace>() is { } sampled ? sampled.Context
        : ActivityContext.TryParse(context.Request.Headers.TraceParent, context.Request.Headers.TraceState, isRemote: true, out var caller) ? caller
        : default;

    private static Activity? Noted(HttpContext context, Activity? span)
    {
        if (span is { Recorded: true })
            context.Features.Set(new RequestTrace(span.Context));
        return span;
    }

    // The span itself has ended when what is counted and logged of its request asks.
    private sealed record RequestTrace(ActivityContext Context);

    /// <summary>A span for one delivered watch message, child of the span that fanned it out; null unless that one is sampled.</summary>
    public static Activity? StartSend(ActivityContext fanOut) =>
        fanOut.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? Source.StartActivity("watch.send", ActivityKind.Producer, fanOut) : null;
}
