using Microsoft.AspNetCore.Http.Features;

namespace ApiGateway.Host.Rest;

/// <summary>The request target as the client wrote it: ASP.NET's own path has its dot segments resolved already.</summary>
internal static class RequestTarget
{
    /// <summary>Path (encoded) and query (without "?").</summary>
    public static (string Path, string Query) Of(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        // The absolute form, as proxies send it (RFC 9112 §3.2.2).
        if (!target.StartsWith('/') && target.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme)
        {
            var slash = target.IndexOf('/', scheme + 3);
            target = slash < 0 ? "/" : target[slash..];
        }
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? (target, "") : (target[..question], target[(question + 1)..]);
    }
}
