using System.Buffers;
using System.IO.Pipelines;
using ApiGateway.Core.Json;
using ApiGateway.Host.Calls;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http.Features;

namespace ApiGateway.Host.Json;

/// <summary>The JSON values of a request's body, one after the other, with nothing or white space between them, as encoded messages.</summary>
internal sealed class JsonBody
{
    // The largest message that is read whole, in base64, and some room for what is around it.
    private const int MaxValueBytes = (RawRequest.TransportLimitBytes / 3 * 4) + (1024 * 1024);

    private readonly PipeReader _body;
    private readonly MessageDescriptor _type;
    private readonly CancellationToken _aborted;

    public JsonBody(HttpContext context, MessageDescriptor type)
    {
        (_body, _type, _aborted) = (context.Request.BodyReader, type, context.RequestAborted);
        // A stream of requests has no length; each of them is bounded here.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
    }

    /// <summary>The next message; null at the end of the body.</summary>
    public async ValueTask<byte[]?> NextAsync()
    {
        var scanner = new JsonScanner();
        var scanned = 0L;
        while (true)
        {
            var result = await _body.ReadAsync(_aborted).ConfigureAwait(false);
            var buffer = result.Buffer;
            foreach (var piece in buffer.Slice(scanned))
            {
                scanned += scanner.Scan(piece.Span);
                if (scanner.IsDone || scanner.Error is not null)
                    break;
            }
            var isCutShort = !scanner.IsDone && scanner.Error is null && result.IsCompleted && !scanner.End();
            if (scanner.IsDone)
            {
                var value = buffer.Slice(0, scanned).ToArray();
                _body.AdvanceTo(buffer.GetPosition(scanned));
                return Encode(value);
            }
            if (!isCutShort && scanner.Error is null && scanned <= MaxValueBytes)
            {
                _body.AdvanceTo(buffer.Start, buffer.End);
                continue;
            }
            _body.AdvanceTo(buffer.End);
            if (isCutShort)
                return scanner.HasBegun ? throw new JsonBodyException("unexpected EOF") : null;
            throw scanner.Error is { } error
                ? new JsonBodyException(error)
                : new JsonBodyException($"a request of more than {MaxValueBytes} bytes") { IsTooLarge = true };
        }
    }

    private byte[] Encode(byte[] json) =>
        JsonRequest.TryEncode(_type, json, out var message) is { } error ? throw new JsonBodyException(error) : message;
}
