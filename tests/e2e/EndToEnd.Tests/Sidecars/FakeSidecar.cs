using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace EndToEnd.Tests.Sidecars;

/// <summary>
/// What a Dapr sidecar is to a caller of gRPC: it passes a call on to the app that <c>dapr-app-id</c> names, shown its token; it holds back the answer's headers until there is a message; and a call
/// that does not say <c>dapr-stream</c> has one message, which the sidecar would send again. Two sidecars and what is between them are one here.
/// </summary>
/// <param name="port">Of the loopback interface.</param>
/// <param name="token">What it wants to be shown.</param>
/// <param name="apps">App ids, and where the apps are.</param>
internal sealed class FakeSidecar(int port, string token, IReadOnlyDictionary<string, Uri> apps) : IAsyncDisposable
{
    private const int GrpcPrefix = 5;
    private const int Unknown = 2, FailedPrecondition = 9, Unavailable = 14, Unauthenticated = 16;

    private const string SecondMessage = "several messages of what is no stream";

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _answered = [];
    private WebApplication? _server;
    private HttpMessageInvoker? _client;

    public string Address => $"http://127.0.0.1:{port}";

    /// <summary>What apps have answered to: app id and path.</summary>
    public IEnumerable<string> Answered => _answered.Where(static call => call.Value.Task.IsCompleted).Select(static call => call.Key);

    /// <summary>Until an app has answered to such a call.</summary>
    public Task AwaitAnswerAsync(string call) => Answer(call).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, port, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        _client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true, ActivityHeadersPropagator = null });
        _server = builder.Build();
        _server.Run(HandleAsync);
        await _server.StartAsync();
    }

    /// <summary>As a process that is killed: every connection, on both sides, breaks.</summary>
    public async Task KillAsync()
    {
        if (_server is null)
            return;
        await _server.StopAsync(new CancellationToken(canceled: true));
        await _server.DisposeAsync();
        _client!.Dispose();
        _server = null;
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (WhyRefused(headers) is { } refusal)
        {
            await EndAsync(context, refusal.Status, refusal.Message);
            return;
        }
        var app = headers["dapr-app-id"].ToString();
        try
        {
            await PassOnAsync(context, new Uri(apps[app], context.Request.Path));
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left, or the sidecar was killed.
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
        {
            if (context.Items.ContainsKey(SecondMessage))
                await EndAsync(context, FailedPrecondition, "cannot use resiliency policies with retries on streaming RPCs");
            else
                await EndAsync(context, Unavailable, broken.Message);
        }
    }

    private TaskCompletionSource Answer(string call) =>
        _answered.GetOrAdd(call, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private (int Status, string Message)? WhyRefused(IHeaderDictionary headers)
    {
        if (StringValues.IsNullOrEmpty(headers["dapr-api-token"]))
            return (Unauthenticated, "missing api token in request metadata");
        if (headers["dapr-api-token"] != token)
            return (Unauthenticated, "authentication error: api token mismatch");
        if (StringValues.IsNullOrEmpty(headers["dapr-app-id"]))
            return (Unknown, "failed to proxy request: required metadata dapr-app-id not found");
        return apps.ContainsKey(headers["dapr-app-id"].ToString()) ? null : (Unknown, $"no app {headers["dapr-app-id"]}");
    }

    private async Task PassOnAsync(HttpContext context, Uri target)
    {
        var isStream = context.Request.Headers["dapr-stream"] == "true";
        using var request = new HttpRequestMessage(HttpMethod.Post, target)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Body(context, isStream ? long.MaxValue : 1),
        };
        foreach (var (name, value) in context.Request.Headers)
        {
            if (name.StartsWith(':') || name is "Host" or "dapr-api-token")
                continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value))
                request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
        }
        using var answer = await _client!.SendAsync(request, context.RequestAborted);
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[64 * 1024];
        // Headers go with the first message, or with the end.
        var read = await body.ReadAsync(buffer, context.RequestAborted);
        Answer($"{context.Request.Headers["dapr-app-id"]}{context.Request.Path}").TrySetResult();
        foreach (var (name, value) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
            context.Response.Headers[name] = value.ToArray();
        for (; read > 0; read = await body.ReadAsync(buffer, context.RequestAborted))
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
        foreach (var (name, value) in answer.TrailingHeaders.NonValidated)
            context.Response.AppendTrailer(name, value.ToArray());
    }

    private static async Task EndAsync(HttpContext context, int status, string message)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = "application/grpc";
        context.Response.AppendTrailer("grpc-status", status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(message));
        await context.Response.CompleteAsync();
    }

    /// <summary>The caller's messages as they come, up to a number of them.</summary>
    private sealed class Body(HttpContext context, long maxMessages) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? transport)
        {
            // The app must know of the call before the first message comes.
            await stream.FlushAsync(context.RequestAborted);
            var reader = context.Request.BodyReader;
            long messages = 0, left = 0;
            while (true)
            {
                var result = await reader.ReadAsync(context.RequestAborted);
                var rest = result.Buffer;
                while (left > 0 ? !rest.IsEmpty : rest.Length >= GrpcPrefix)
                {
                    if (left == 0)
                    {
                        if (++messages > maxMessages)
                        {
                            context.Items[SecondMessage] = true;
                            throw new IOException(SecondMessage);
                        }
                        left = GrpcPrefix + LengthOf(rest.Slice(0, GrpcPrefix));
                    }
                    var part = rest.Slice(0, Math.Min(left, rest.Length));
                    foreach (var piece in part)
                        await stream.WriteAsync(piece, context.RequestAborted);
                    left -= part.Length;
                    rest = rest.Slice(part.End);
                }
                reader.AdvanceTo(rest.Start, result.Buffer.End);
                await stream.FlushAsync(context.RequestAborted);
                if (result.IsCompleted)
                    return;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        private static long LengthOf(System.Buffers.ReadOnlySequence<byte> prefix)
        {
            Span<byte> bytes = stackalloc byte[GrpcPrefix];
            System.Buffers.BuffersExtensions.CopyTo(prefix, bytes);
            return BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        }
    }
}
