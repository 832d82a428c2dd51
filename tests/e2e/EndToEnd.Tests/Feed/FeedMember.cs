using System.Globalization;

namespace EndToEnd.Tests.Feed;

/// <summary>A standalone server with feeds, which a test kills and starts again on its data.</summary>
public sealed class FeedMember(RabbitMqServer broker, string prefixes, params (string Name, string Value)[] settings) : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(2);
    private ChildProcess? _process;

    public Uri Client => new($"http://127.0.0.1:{_ports[0]}/");

    /// <summary>How it reaches the broker.</summary>
    public string BrokerUrl { get; init; } = $"amqp://127.0.0.1:{broker.Port}";

    /// <summary>Variables of the next start, besides the settings.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    public ChildProcess Process => _process ?? throw new InvalidOperationException("not started");

    /// <summary>Starts (again) on the same data and waits until it is healthy.</summary>
    public async Task StartAsync(params string[] flags)
    {
        var (client, peer) = (Client.ToString().TrimEnd('/'), $"http://127.0.0.1:{_ports[1]}");
        var environment = settings.ToDictionary(static setting => "Feed__" + setting.Name, static setting => (string?)setting.Value);
        environment.TryAdd("Feed__ClaimTtl", "2");
        foreach (var (name, value) in Environment)
            environment[name] = value;
        _process = ChildProcess.Start("dotnet", [
            Repository.Assembly("Standalone"), "--name", "infra0", "--data-dir", _folder.Sub("data"), "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"infra0={peer}",
            "--feed-broker", BrokerUrl, "--feed-prefixes", prefixes, .. flags,
        ], environment);
        using var http = new HttpClient { BaseAddress = Client, Timeout = TimeSpan.FromSeconds(5) };
        await Poll.UntilAsync("the server to be healthy", Deployment.StartDeadline, async () =>
        {
            Assert.False(Process.HasExited, $"the server ended:\n{Process.Err}");
            try
            {
                using var answer = await http.GetAsync(new Uri("health", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        });
    }

    /// <summary>Waits until this process runs the feed: what is written from then on is told.</summary>
    public Task AwaitActiveAsync(string feed) => AwaitMetricAsync($"distributed_feed_active{{feed=\"{feed}\"}}", static value => value == 1);

    public Task AwaitMetricAsync(string name, Func<double, bool> holds) => Poll.UntilAsync(
        $"{name} of the server:\n{Process.Err}", TimeSpan.FromSeconds(30), async () => (await MetricsAsync()).TryGetValue(name, out var value) && holds(value));

    public async Task<Dictionary<string, double>> MetricsAsync()
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(Client, "metrics"));
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#').ToDictionary(
            static line => line[..line.LastIndexOf(' ')],
            static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..].Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
        await Process.DisposeAsync();
        _process = null;
    }

    /// <summary>SIGTERM, and waits for the end.</summary>
    public async Task StopAsync()
    {
        Process.Terminate();
        await Process.WaitForExitAsync();
        await Process.DisposeAsync();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await StopAsync();
        _folder.Dispose();
    }
}
