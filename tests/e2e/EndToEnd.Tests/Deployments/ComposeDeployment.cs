using System.Globalization;
using EndToEnd.Tests.Feed;

namespace EndToEnd.Tests.Deployments;

/// <summary>The services as containers behind their proxy, with the compose file that users run; a project of its own on free ports, with one replica of each service that can be scaled.</summary>
public sealed class ComposeDeployment : Deployment
{
    private readonly int[] _ports = Ports.Free(4);
    private readonly string _brokerPassword = Guid.NewGuid().ToString("n");
    private readonly TempFolder _folder = new();
    private readonly ComposeProject _project;
    private readonly Dictionary<string, int> _copies = [];
    private string _log = "";

    public ComposeDeployment() => _project = new ComposeProject("compose.yaml", new Dictionary<string, string?>
    {
        ["CLIENT_PORT"] = _ports[0].ToString(),
        ["CLIENT_PORT_OLD"] = _ports[1].ToString(),
        ["PUBLISH_ADDRESS"] = "127.0.0.1",
        ["LOG_LEVEL"] = "debug",
        ["STORAGE_REPLICAS"] = "1",
        ["DURABLE_REPLICAS"] = "1",
        ["WATCH_HUB_REPLICAS"] = "1",
        ["LEASE_MANAGER_REPLICAS"] = "1",
        ["API_GATEWAY_REPLICAS"] = "1",
        ["BROKER_PASSWORD"] = _brokerPassword,
        ["BROKER_PORT"] = _ports[2].ToString(),
        ["BROKER_PAGES_PORT"] = _ports[3].ToString(),
        ["FEED_PREFIXES"] = "orders=/orders/",
        ["FEED_CLAIM_TTL"] = "2",
    });

    /// <summary>Of consensus: their number is fixed.</summary>
    public override int Members => 3;

    public override Uri Client => new($"http://127.0.0.1:{_ports[0]}/");

    public override Uri OldClient => new($"http://127.0.0.1:{_ports[1]}/");

    public override string Log => _log;

    /// <summary>RabbitMQ beside the stack, while there are feeds.</summary>
    public BrokerAccount Broker => new(new Uri($"rabbitmq://127.0.0.1:{_ports[2]}/"), "distributed", _brokerPassword);

    /// <summary>Logs of all copies of a service, each line prefixed by the name of its container.</summary>
    public Task<string> LogsOfAsync(string service) => _project.ComposeAsync(TimeSpan.FromMinutes(1), "logs", "--no-color", service);

    /// <summary>
    /// Starts or stops copies of services until there are so many, all healthy; the other containers stay as they are. Those with the highest numbers go.
    /// </summary>
    public Task ScaleAsync(params (string Service, int Copies)[] services)
    {
        foreach (var (service, copies) in services)
            _copies[service] = copies;
        string[] scale = [.. _copies.SelectMany(copies => (string[])["--scale", $"{copies.Key}={copies.Value}"])];
        return _project.ComposeAsync(ComposeProject.UpDeadline, ["up", "--detach", "--wait", "--no-recreate", .. scale]);
    }

    /// <summary>
    /// Adds RabbitMQ and a feed <c>orders</c> of what is below <c>/orders/</c> to the running stack, with the file that users add; there are so many hubs then. To be undone by
    /// <see cref="EndFeedsAsync"/>.
    /// </summary>
    public async Task StartFeedsAsync(int hubs)
    {
        var feeds = await FeedsAsync();
        await feeds.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait", "--no-deps", "--scale", $"watch-hub={hubs}", "rabbitmq", "watch-hub");
    }

    /// <summary>Logs of services while there are feeds.</summary>
    public async Task<string> FeedLogsAsync(params string[] services) =>
        await (await FeedsAsync()).ComposeAsync(TimeSpan.FromMinutes(1), ["logs", "--no-color", .. services]);

    /// <summary>The stack as it was before, without what RabbitMQ has kept.</summary>
    public async Task EndFeedsAsync()
    {
        await _project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait", "--no-deps", "watch-hub");
        var feeds = await FeedsAsync();
        await feeds.ComposeAsync(ComposeProject.UpDeadline, "rm", "--stop", "--force", "rabbitmq");
        await _project.DockerAsync("volume", "rm", $"{_project.Name}_rabbitmq");
    }

    /// <summary>Runs the shipped script that puts new containers in the place of those that run; returns its exit code and what it said.</summary>
    /// <param name="overlay">The path of a compose file that says what is new; null: nothing is.</param>
    /// <param name="services">None: all.</param>
    public Task<(int Code, string Out, string Err)> UpgradeAsync(string? overlay, params string[] services) =>
        (overlay is null ? _project : _project.With(overlay)).ScriptAsync(ComposeProject.UpDeadline, "upgrade.sh", services);

    /// <summary>The ids of all containers, by the names of their services.</summary>
    public async Task<ILookup<string, string>> ContainersAsync() =>
        (await ListAsync("{{.Label \"com.docker.compose.service\"}} {{.ID}}")).Select(static line => line.Split(' ')).ToLookup(static one => one[0], static one => one[1]);

    /// <summary>The volumes, each with when it was made.</summary>
    public async Task<IReadOnlyList<string>> VolumesAsync()
    {
        var names = Lines(await _project.DockerAsync("volume", "ls", "--quiet", "--filter", OfProject));
        return Lines(await _project.DockerAsync(["volume", "inspect", "--format", "{{.Name}} {{.CreatedAt}}", .. names]));
    }

    /// <summary>What the engine knows of one container of a service, by a template of <c>docker inspect</c>.</summary>
    public async Task<string> InspectAsync(string service, int number, string format) =>
        (await _project.DockerAsync("inspect", "--format", format, await NameOfAsync(service, number))).Trim();

    /// <summary>Runs a shell command in one container of a service, as its user; returns what it printed.</summary>
    public async Task<string> ShellAsync(string service, int number, string command) =>
        await _project.DockerAsync("exec", await NameOfAsync(service, number), "sh", "-c", command);

    /// <summary>The value of a metric, with its labels, as one container of a service shows it to Prometheus.</summary>
    public async Task<double> MetricAsync(string service, int number, string metric) =>
        await FindMetricAsync(service, number, metric) ?? throw new InvalidOperationException($"{service} {number} does not show {metric}");

    /// <summary>The same; null when it is not there (yet).</summary>
    public async Task<double?> FindMetricAsync(string service, int number, string metric)
    {
        const string Ask = "exec 3<>/dev/tcp/127.0.0.1/8081; printf 'GET /metrics HTTP/1.1\\r\\nHost: localhost:8081\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3";
        var page = await _project.DockerAsync("exec", await NameOfAsync(service, number), "bash", "-c", Ask);
        var line = page.Split('\n').SingleOrDefault(line => line.StartsWith(metric + " ", StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[(metric.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Kills one container of a service, counted from 1.</summary>
    public async Task KillAsync(string service, int number) => await _project.DockerAsync("kill", await NameOfAsync(service, number));

    /// <summary>Starts one that was killed, and waits until it is healthy.</summary>
    public async Task StartAsync(string service, int number)
    {
        await _project.DockerAsync("start", await NameOfAsync(service, number));
        await Poll.UntilAsync($"{service} {number} to be healthy", ComposeProject.UpDeadline, async () =>
            await InspectAsync(service, number, "{{.State.Health.Status}}") == "healthy");
    }

    protected override async Task LaunchAsync()
    {
        await _project.BuildAsync();
        try
        {
            await _project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait");
        }
        catch (InvalidOperationException error)
        {
            _log = await _project.ComposeAsync(ComposeProject.UpDeadline, "logs", "--no-color");
            throw new InvalidOperationException($"{error.Message}\n{_log}", error);
        }
    }

    protected override async Task StopAsync()
    {
        await _project.StopAsync();
        _folder.Dispose();
    }

    // An image that is made of a Debian package, where no registry is reached, has no entry point; RabbitMQ's own has.
    private async Task<ComposeProject> FeedsAsync()
    {
        const string Image = "rabbitmq:4-management";
        var entryPoints = await _project.DockerAsync("image", "ls", "--quiet", Image) is { Length: > 0 }
            ? (await _project.DockerAsync("image", "inspect", "--format", "{{json .Config.Entrypoint}}", Image)).Trim() : "";
        if (entryPoints != "null")
            return _project.With("compose.feeds.yaml");
        var standIn = _folder.Sub("stand-in.yaml");
        await File.WriteAllTextAsync(standIn, "services:\n  rabbitmq:\n    entrypoint: [/usr/lib/rabbitmq/bin/rabbitmq-server]\n");
        return _project.With("compose.feeds.yaml", standIn);
    }

    private string OfProject => $"label=com.docker.compose.project={_project.Name}";

    // The number in a name is the container's place among its like only until one is put in the place of another.
    private async Task<string> NameOfAsync(string service, int number) =>
        (await ListAsync("{{.Names}}", "--filter", $"label=com.docker.compose.service={service}"))
            .OrderBy(static name => int.Parse(name[(name.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture)).ElementAt(number - 1);

    private async Task<string[]> ListAsync(string format, params string[] filter) =>
        Lines(await _project.DockerAsync(["ps", "--all", "--no-trunc", "--filter", OfProject, .. filter, "--format", format]));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    protected override void ThrowIfDead()
    {
        // `up --wait` has seen every container healthy.
    }
}
