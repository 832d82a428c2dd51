namespace ApiGateway.Host.Limits;

/// <summary>Feature of a call made within the process: the request of a client on whose behalf it is made.</summary>
internal sealed record OuterRequest(HttpContext Context)
{
    /// <summary>The request that a client waits for.</summary>
    public static HttpContext Of(HttpContext http) => http.Features.Get<OuterRequest>()?.Context ?? http;
}
