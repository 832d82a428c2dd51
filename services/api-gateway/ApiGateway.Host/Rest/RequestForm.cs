using System.Buffers;
using ApiGateway.Core.V2;
using Microsoft.AspNetCore.Http.Features;

namespace ApiGateway.Host.Rest;

/// <summary>Reads a request's form as Go's HTTP library does.</summary>
internal static class RequestForm
{
    private const int MaxBytes = 10 * 1024 * 1024;
    private const string FormType = "application/x-www-form-urlencoded";

    /// <summary>Body and query; the error is "" when both were read.</summary>
    public static async ValueTask<(FormValues Form, string Error)> ReadAsync(HttpContext context, string query)
    {
        var form = new FormValues();
        var error = "";
        // Only these two verbs have a form body here; of a DELETE's body etcd takes no notice.
        if ((HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsPost(context.Request.Method)) && IsForm(context.Request.ContentType))
        {
            var body = await ReadBodyAsync(context).ConfigureAwait(false);
            error = body is null ? "http: POST too large" : form.Add(body);
        }
        var queryError = form.Add(query);
        return (form, error.Length > 0 ? error : queryError);
    }

    private static bool IsForm(string? contentType) =>
        contentType is not null && contentType.AsSpan().TrimStart().StartsWith(FormType, StringComparison.OrdinalIgnoreCase);

    /// <summary>The body; null when it is larger than a form may be.</summary>
    internal static async ValueTask<byte[]?> ReadBodyAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBytes)
            return null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            if (result.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(result.Buffer.End);
                return null;
            }
            if (result.IsCompleted)
            {
                var body = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return body;
            }
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
