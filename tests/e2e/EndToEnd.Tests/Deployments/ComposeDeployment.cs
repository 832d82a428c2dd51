namespace EndToEnd.Tests.Deployments;

/// <summary>The five services as containers, with the compose file that users run; a project of its own on free ports.</summary>
public sealed class ComposeDeployment : Deployment
{
    private readonly int[] _ports = Ports.Free(2);
    private readonly ComposeProject _project;
    private readonly Dictionary<string, int> _copies = [];
    private bool _built;
    private string _log = "";

    public ComposeDeployment() => _project = new ComposeProject("compose.yaml", new Dictionary<string, string?>
    {
        ["CLIENT_PORT"] = _ports[0].ToString(),
        ["CLIENT_PORT_OLD"] = _ports[1].ToString(),
        ["PUBLISH_ADDRESS"] = "127.0.0.1",
        ["LOG_LEVEL"] = "debug",
    });

    public override Uri Client => new($"http://127.0.0.1:{_ports[0]}/");

    public override Uri OldClient => new($"http://127.0.0.1:{_ports[1]}/");

    public override string Log => _log;

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

    /// <summary>What the engine knows of one container of a service, by a template of <c>docker inspect</c>.</summary>
    public async Task<string> InspectAsync(string service, int number, string format) =>
        (await _project.DockerAsync("inspect", "--format", format, NameOf(service, number))).Trim();

    /// <summary>Runs a shell command in one container of a service, as its user; returns what it printed.</summary>
    public Task<string> ShellAsync(string service, int number, string command) => _project.DockerAsync("exec", NameOf(service, number), "sh", "-c", command);

    /// <summary>Kills one container of a service, counted from 1.</summary>
    public Task KillAsync(string service, int number) => _project.DockerAsync("kill", NameOf(service, number));

    /// <summary>Starts one that was killed, and waits until it is healthy.</summary>
    public async Task StartAsync(string service, int number)
    {
        await _project.DockerAsync("start", NameOf(service, number));
        await Poll.UntilAsync($"{service} {number} to be healthy", ComposeProject.UpDeadline, async () =>
            await InspectAsync(service, number, "{{.State.Health.Status}}") == "healthy");
    }

    protected override async Task LaunchAsync()
    {
        if (!_built)
            await _project.ComposeAsync(ComposeProject.BuildDeadline, "build");
        _built = true;
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

    protected override Task StopAsync() => _project.ComposeAsync(ComposeProject.UpDeadline, "down", "--volumes", "--timeout", "10");

    private string NameOf(string service, int number) => $"{_project.Name}-{service}-{number}";

    protected override void ThrowIfDead()
    {
        // `up --wait` has seen every container healthy.
    }
}
