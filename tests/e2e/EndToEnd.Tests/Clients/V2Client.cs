using System.Net;
using System.Text;
using System.Text.Json;

namespace EndToEnd.Tests.Clients;

/// <summary>An answer of the v2 API.</summary>
public sealed record V2Answer(HttpStatusCode Status, JsonElement Body, long Index)
{
    public JsonElement Node => Body.GetProperty("node");

    public string Action => Body.GetProperty("action").GetString()!;

    public int ErrorCode => Body.GetProperty("errorCode").GetInt32();
}

/// <summary>v2 requests as curl sends them: HTTP/1.1, form bodies.</summary>
public sealed class V2Client(Uri server) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };

    public Task<V2Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<V2Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    public Task<V2Answer> PutAsync(string path, params (string Name, string Value)[] form) => SendAsync(HttpMethod.Put, path, form);

    public Task<V2Answer> PostAsync(string path, params (string Name, string Value)[] form) => SendAsync(HttpMethod.Post, path, form);

    /// <summary>The body of any path, as text.</summary>
    public async Task<(HttpStatusCode Status, string Body)> TextAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A request with a JSON body, on behalf of a user ("name:password").</summary>
    public async Task<(HttpStatusCode Status, string Body)> JsonAsync(HttpMethod method, string path, string json, string? user = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json.Length > 0)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (user is not null)
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static readonly TimeSpan WaitDeadline = TimeSpan.FromSeconds(30);

    /// <summary>A long poll: the task completes once the request is known to wait at the server, its result with the event.</summary>
    public async Task<Task<V2Answer>> StartWaitAsync(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        // The headers come at once, the body with the event.
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return ReadAsync(answer).WaitAsync(WaitDeadline);
    }

    public void Dispose() => _http.Dispose();

    private async Task<V2Answer> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(method, path);
        if (form.Length > 0)
            request.Content = new FormUrlEncodedContent(form.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
        return await ReadAsync(await _http.SendAsync(request));
    }

    private static async Task<V2Answer> ReadAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var body = await answer.Content.ReadAsStringAsync();
            var index = answer.Headers.TryGetValues("X-Etcd-Index", out var values) ? long.Parse(values.Single()) : -1;
            return new(answer.StatusCode, JsonDocument.Parse(body).RootElement, index);
        }
    }
}
