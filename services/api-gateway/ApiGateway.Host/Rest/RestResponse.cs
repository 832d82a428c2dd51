using System.Buffers;
using System.Text;
using ApiGateway.Core.Errors;
using ApiGateway.Core.V2;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Limits;

namespace ApiGateway.Host.Rest;

/// <summary>Writes whole HTTP answers the way etcd's server writes them. A HEAD gets the headers of the GET and no body.</summary>
internal static class RestResponse
{
    public const string Json = "application/json";
    public const string Text = "text/plain; charset=utf-8";
    private const string Html = "text/html; charset=utf-8";

    public static Task WriteAsync(HttpContext context, int status, string contentType, string body) =>
        WriteAsync(context, status, contentType, Encoding.UTF8.GetBytes(body), lineEnd: false);

    /// <summary>Writes a body as it came from storage, with a line end when asked.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body, bool lineEnd)
    {
        var response = context.Response;
        if (!HasRoomFor(context, body.Length))
        {
            await ErrorAsync(context, StatusCodes.Status503ServiceUnavailable, EtcdErrors.Status(EtcdError.TooManyRequests).Message).ConfigureAwait(false);
            return;
        }
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length + (lineEnd ? 1 : 0);
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        response.BodyWriter.Write(body.Span);
        if (lineEnd)
            response.BodyWriter.Write("\n"u8);
        await response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static bool HasRoomFor(HttpContext context, int bytes)
    {
        if (bytes < AnswerRoom.SmallBytes)
            return true;
        try
        {
            context.RequestServices.GetRequiredService<AnswerRoom>().Take(context, bytes);
            return true;
        }
        catch (RequestFailedException)
        {
            return false;
        }
    }

    public static Task EmptyAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>A plain-text error of Go's HTTP library.</summary>
    public static Task ErrorAsync(HttpContext context, int status, string text)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return WriteAsync(context, status, Text, text + "\n");
    }

    public static Task NotFoundAsync(HttpContext context) => ErrorAsync(context, StatusCodes.Status404NotFound, "404 page not found");

    public static Task MethodNotAllowedAsync(HttpContext context, string allow)
    {
        context.Response.Headers.Allow = allow;
        return ErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
    }

    /// <summary>What Go's server answers to a request line it cannot read: no CORS headers, and the connection closes.</summary>
    public static Task BadRequestAsync(HttpContext context)
    {
        foreach (var name in context.Response.Headers.Keys.ToList())
            context.Response.Headers.Remove(name);
        context.Response.Headers.Connection = "close";
        return WriteAsync(context, StatusCodes.Status400BadRequest, Text, "400 Bad Request");
    }

    /// <summary>A redirect to the clean form of a path; GET has a body, HEAD its content type, others nothing.</summary>
    public static Task MovedAsync(HttpContext context, string location)
    {
        context.Response.Headers.Location = location;
        var method = context.Request.Method;
        if (HttpMethods.IsHead(method))
        {
            context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            context.Response.ContentType = Html;
            return Task.CompletedTask;
        }
        if (!HttpMethods.IsGet(method))
            return EmptyAsync(context, StatusCodes.Status301MovedPermanently);
        var link = System.Net.WebUtility.HtmlEncode(location);
        return WriteAsync(context, StatusCodes.Status301MovedPermanently, Html, $"<a href=\"{link}\">Moved Permanently</a>.\n\n");
    }

    /// <summary>An error of the v2 API.</summary>
    public static Task V2ErrorAsync(HttpContext context, in V2Error error)
    {
        context.Response.Headers["X-Etcd-Index"] = error.Index.ToString();
        return WriteAsync(context, V2Errors.HttpStatus(error.Code), Json, V2Errors.Body(error));
    }
}
