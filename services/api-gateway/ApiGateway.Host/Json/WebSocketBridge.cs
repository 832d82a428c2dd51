using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace ApiGateway.Host.Json;

/// <summary>
/// The JSON gateway over a WebSocket (v3-wire §3.2): every text message of the client is a piece of the body of a POST to the same path, every line of the answer is a text
/// message. For clients that cannot read an answer while they still send.
/// </summary>
internal sealed class WebSocketBridge : IHttpResponseBodyFeature, IHttpRequestLifetimeFeature, IRequestBodyPipeFeature, IDisposable
{
    private const string Version = "13";
    private const int BufferBytes = 16 * 1024;

    private readonly HttpContext _outer;
    private readonly WebSocket _socket;
    private readonly Pipe _requests = new();
    private readonly Pipe _answers = new();
    private readonly CancellationTokenSource _aborting;

    private WebSocketBridge(HttpContext outer, WebSocket socket)
    {
        (_outer, _socket) = (outer, socket);
        _aborting = CancellationTokenSource.CreateLinkedTokenSource(outer.RequestAborted);
    }

    public PipeReader Reader => _requests.Reader;

    public PipeWriter Writer => _answers.Writer;

    public Stream Stream => _answers.Writer.AsStream(leaveOpen: true);

    public CancellationToken RequestAborted
    {
        get => _aborting.Token;
        set => throw new NotSupportedException("a call ends with its socket");
    }

    /// <summary>Whether the request asks for a WebSocket of the one version that there is.</summary>
    public static bool IsAskedFor(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        && context.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
        && context.Request.Headers.SecWebSocketVersion == Version
        && context.Request.Headers.SecWebSocketKey.Count == 1;

    /// <summary>Upgrades, and serves until the call or the client ends.</summary>
    /// <param name="context">The request, which asks for it.</param>
    /// <param name="handle">Serves the POST.</param>
    public static async Task ServeAsync(HttpContext context, Func<HttpContext, Task> handle)
    {
        var headers = context.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = Accept(context.Request.Headers.SecWebSocketKey.ToString());
        var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        using var bridge = new WebSocketBridge(context, socket);
        await bridge.RunAsync(handle).ConfigureAwait(false);
    }

    public void Abort() => _aborting.Cancel();

    public void Dispose() => _aborting.Dispose();

    public void DisableBuffering()
    {
    }

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task CompleteAsync() => Task.CompletedTask;

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("a call sends no files");

    private async Task RunAsync(Func<HttpContext, Task> handle)
    {
        var receiving = ReceiveAsync();
        var sending = SendAsync();
        try
        {
            await handle(Post()).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_aborting.IsCancellationRequested)
        {
            // The client has left.
        }
        finally
        {
            await _answers.Writer.CompleteAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(false);
            await _aborting.CancelAsync().ConfigureAwait(false);
            await _requests.Reader.CompleteAsync().ConfigureAwait(false);
            await receiving.ConfigureAwait(false);
        }
    }

    private DefaultHttpContext Post()
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Protocol = _outer.Request.Protocol,
            Method = "POST",
            Scheme = _outer.Request.Scheme,
            Path = _outer.Request.Path,
            Headers = _outer.Request.Headers,
        });
        features.Set<IRequestBodyPipeFeature>(this);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(this);
        features.Set<IHttpRequestLifetimeFeature>(this);
        features.Set(_outer.Features.Get<IHttpConnectionFeature>());
        return new DefaultHttpContext(features) { RequestServices = _outer.RequestServices };
    }

    // Ends with the client, which ends the call: unlike the end of a body it is no half of a goodbye.
    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(_requests.Writer.GetMemory(BufferBytes), _aborting.Token).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _aborting.Token).ConfigureAwait(false);
                    break;
                }
                _requests.Writer.Advance(received.Count);
                if (received.EndOfMessage)
                    _requests.Writer.Write("\n"u8);
                if ((await _requests.Writer.FlushAsync(_aborting.Token).ConfigureAwait(false)).IsCompleted)
                    return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException)
        {
            // The client has left without a word, or the call has ended.
        }
        finally
        {
            await _requests.Writer.CompleteAsync().ConfigureAwait(false);
            await _aborting.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var result = await _answers.Reader.ReadAsync().ConfigureAwait(false);
                var rest = result.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    await SendAsync(rest.Slice(0, end)).ConfigureAwait(false);
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                if (result.IsCompleted)
                {
                    if (!rest.IsEmpty)
                        await SendAsync(rest).ConfigureAwait(false);
                    if (_socket.State == WebSocketState.Open)
                        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _aborting.Token).ConfigureAwait(false);
                    break;
                }
                _answers.Reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException)
        {
            await _aborting.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            await _answers.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private ValueTask SendAsync(in ReadOnlySequence<byte> line) =>
        _socket.SendAsync(new ReadOnlyMemory<byte>(line.ToArray()), WebSocketMessageType.Text, endOfMessage: true, _aborting.Token);

#pragma warning disable CA5350 // RFC 6455 §4.2.2 says SHA-1; nothing is kept secret by it.
    private static string Accept(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
}
