using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Standalone.V2;

/// <summary>A folder of a v2 key space, over HTTP: paths are below its URL, on behalf of the user that it names, if it does. Thread-safe.</summary>
internal sealed class V2Endpoint : IDisposable
{
    private static readonly TimeSpan s_dialPatience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client;
    private readonly Uri _folder;
    private readonly long _mostAnswerBytes;

    /// <param name="folder">http or https, see <see cref="UrlOf"/>.</param>
    /// <param name="mostAnswerBytes">A longer answer is none.</param>
    /// <param name="proxy">HTTP proxy, of every address; null: none.</param>
    public V2Endpoint(Uri folder, long mostAnswerBytes, Uri? proxy = null)
    {
        (_folder, _mostAnswerBytes) = (folder, mostAnswerBytes);
        _client = new HttpClient(new SocketsHttpHandler
        {
            Proxy = proxy is null ? null : new FixedProxy(proxy),
            UseProxy = proxy is not null,
            UseCookies = false,
            ConnectTimeout = s_dialPatience,
            ConnectCallback = ConnectAsync,
            MaxAutomaticRedirections = 10,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (folder.UserInfo.Length > 0)
        {
            var credentials = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(folder.UserInfo));
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(credentials));
        }
    }

    /// <summary>The URL without the folder, and without a password.</summary>
    public string Service => _folder.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <summary>Null when it is none of HTTP.</summary>
    public static Uri? UrlOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) ? url : null;

    /// <summary>One request.</summary>
    /// <param name="method">GET, PUT or DELETE.</param>
    /// <param name="request">Path below the folder, percent-encoded, and query.</param>
    /// <param name="form">Its body; empty: none.</param>
    /// <param name="patience">How long the answer may take.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="V2UnavailableException">There is no answer, or one of a server that cannot serve now.</exception>
    /// <exception cref="V2RefusedException">The key space refuses.</exception>
    /// <exception cref="JsonException">It is no v2 key space.</exception>
    public Task<V2Answer> AskAsync(
        HttpMethod method, string request, IReadOnlyList<KeyValuePair<string, string>> form, TimeSpan patience, CancellationToken cancellation) =>
        ExchangeAsync(
            method, Service + _folder.AbsolutePath.TrimEnd('/') + request, form.Count > 0 ? new FormUrlEncodedContent(form) : null,
            static (response, body, clockAhead) => Understood(response, body) with { ClockAhead = clockAhead }, patience, cancellation);

    /// <summary>A request that is none of keys; its answer, whatever the server says.</summary>
    /// <param name="method">GET or PUT.</param>
    /// <param name="path">Of the server, percent-encoded: "/v2/auth/roles".</param>
    /// <param name="json">Its body; "": none.</param>
    /// <param name="patience">How long the answer may take.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="V2UnavailableException">There is no answer, or one of a server that cannot serve now.</exception>
    public Task<(HttpStatusCode Status, byte[] Body)> AskPlainAsync(HttpMethod method, string path, string json, TimeSpan patience, CancellationToken cancellation) =>
        ExchangeAsync(
            method, Service + path, json.Length > 0 ? new StringContent(json, Encoding.UTF8, "application/json") : null,
            static (response, body, _) => (response.StatusCode, body), patience, cancellation);

    private async Task<T> ExchangeAsync<T>(
        HttpMethod method, string url, HttpContent? content, Func<HttpResponseMessage, byte[], TimeSpan, T> understand, TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            using var message = new HttpRequestMessage(method, url) { Content = content };
            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            // Of a wait, the headers come long before the event.
            var clockAhead = response.Headers.Date is { } date ? date - DateTimeOffset.UtcNow : default;
            if ((int)response.StatusCode >= 500)
                throw Unavailable(StatusComplaint(response.StatusCode));
            await response.Content.LoadIntoBufferAsync(_mostAnswerBytes, limit.Token).ConfigureAwait(false);
            return understand(response, await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false), clockAhead);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            throw Unavailable(error.Message, error);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Unavailable("context deadline exceeded");
        }
    }

    public void Dispose() => _client.Dispose();

    private static V2Answer Understood(HttpResponseMessage response, byte[] body)
    {
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
            throw new V2RefusedException(V2Answer.ReadError(body));
        if (body.Length == 0)
            throw Unavailable("unexpected empty answer"); // What serves many waits ends those that take long.
        var index = response.Headers.TryGetValues("X-Etcd-Index", out var indexes) && ulong.TryParse(indexes.First(), out var number) ? number : 0;
        return V2Answer.Read(body, index);
    }

    private string StatusComplaint(HttpStatusCode status) => status is HttpStatusCode.InternalServerError or HttpStatusCode.ServiceUnavailable
        ? $"client: etcd member {Service} has no leader"
        : $"client: etcd member {Service} returns server error [{(int)status}]";

    private static V2UnavailableException Unavailable(string reason, Exception? inner = null) =>
        new($"client: etcd cluster is unavailable or misconfigured; error #0: {reason}", inner);

    // A server that is gone without a word would otherwise be waited for for ever.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>One proxy for every address, the machine's own included.</summary>
    private sealed class FixedProxy(Uri proxy) : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri GetProxy(Uri destination) => proxy;

        public bool IsBypassed(Uri host) => false;
    }
}
