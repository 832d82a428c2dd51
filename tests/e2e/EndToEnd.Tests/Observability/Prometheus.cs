using System.Globalization;
using System.Text.Json;

namespace EndToEnd.Tests.Observability;

/// <summary>The real Prometheus, in a folder of its own, scraping what it is told.</summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly ChildProcess _process;

    private Prometheus(ChildProcess process, int port) =>
        (_process, _http) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") });

    /// <summary>Starts it; returns when it answers.</summary>
    /// <param name="folder">For its configuration and data.</param>
    /// <param name="configuration">The text of prometheus.yml.</param>
    public static async Task<Prometheus> StartAsync(string folder, string configuration)
    {
        var port = Ports.Free(1)[0];
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, configuration);
        var process = ChildProcess.Start(Toolbox.Prometheus, [
            $"--config.file={file}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
        ], folder: folder);
        var server = new Prometheus(process, port);
        try
        {
            await Poll.UntilAsync("Prometheus to answer", s_deadline, async () =>
            {
                Assert.False(process.HasExited, process.Err);
                try
                {
                    using var answer = await server._http.GetAsync("/-/ready");
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            });
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The values of the series that a query finds now.</summary>
    /// <exception cref="InvalidOperationException">It is no query; with what Prometheus said.</exception>
    public async Task<IReadOnlyList<double>> QueryAsync(string query)
    {
        var data = await GetAsync("query?query=" + Uri.EscapeDataString(query));
        var result = data.GetProperty("result");
        return data.GetProperty("resultType").GetString() == "scalar"
            ? [Number(result[1])]
            : [.. result.EnumerateArray().Select(static series => Number(series.GetProperty("value")[1]))];
    }

    /// <summary>Every metric that it has a sample of.</summary>
    public async Task<HashSet<string>> MetricsAsync() =>
        [.. (await GetAsync("label/__name__/values")).EnumerateArray().Select(static name => name.GetString()!)];

    /// <summary>The rules that it evaluates, and how that went: "ok", "unknown" (not yet) or "err".</summary>
    public async Task<IReadOnlyList<(string Name, string Health)>> RulesAsync() =>
    [
        .. (await GetAsync("rules")).GetProperty("groups").EnumerateArray().SelectMany(static group => group.GetProperty("rules").EnumerateArray())
            .Select(static rule => (rule.GetProperty("name").GetString()!, rule.GetProperty("health").GetString()!)),
    ];

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("status").GetString() == "success"
            ? json.RootElement.GetProperty("data").Clone()
            : throw new InvalidOperationException(json.RootElement.GetProperty("error").GetString());
    }

    private static double Number(JsonElement text) => text.GetString() switch
    {
        "NaN" => double.NaN,
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        var number => double.Parse(number!, CultureInfo.InvariantCulture),
    };
}
