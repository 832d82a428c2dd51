namespace Hosting.Sidecars;

/// <summary>
/// Sends the calls of a channel to an app, by the metadata that Dapr's proxying of gRPC goes by: <c>dapr-app-id</c>, <c>dapr-api-token</c>, <c>dapr-stream</c>. Of one channel, which disposes it.
/// </summary>
/// <param name="sidecar">Whose address the channel has.</param>
/// <param name="appId">The app.</param>
public sealed class AppRoute(Sidecar sidecar, string appId) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.TryAddWithoutValidation("dapr-app-id", appId);
        // Of unary calls, too: a sidecar repeats by itself a call that is no stream, and keeps its messages for that. Whoever calls here knows better when to ask whom again.
        request.Headers.TryAddWithoutValidation("dapr-stream", "true");
        if (sidecar.Token is { } token)
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        return base.SendAsync(request, cancellationToken);
    }
}
