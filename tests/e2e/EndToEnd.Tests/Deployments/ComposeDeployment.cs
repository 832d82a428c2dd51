namespace EndToEnd.Tests.Deployments;

/// <summary>The five services as containers, with the compose file that users run; a project of its own on free ports.</summary>
public sealed class ComposeDeployment : Deployment
{
    private readonly int[] _ports = Ports.Free(2);
    private readonly ComposeProject _project;
    private bool _built;
    private string _log = "";

    public ComposeDeployment() => _project = new ComposeProject("compose.yaml", new Dictionary<string, string?>
    {
        ["CLIENT_PORT"] = _ports[0].ToString(),
        ["CLIENT_PORT_OLD"] = _ports[1].ToString(),
        ["PUBLISH_ADDRESS"] = "127.0.0.1",
        ["LOG_LEVEL"] = "debug",
    });

    /// <summary>Copies of the watch hub; set before the start.</summary>
    public int WatchHubs { get; init; } = 1;

    public override Uri Client => new($"http://127.0.0.1:{_ports[0]}/");

    public override Uri OldClient => new($"http://127.0.0.1:{_ports[1]}/");

    public override string Log => _log;

    /// <summary>Logs of all copies of a service, each line prefixed by the name of its container.</summary>
    public Task<string> LogsOfAsync(string service) => _project.ComposeAsync(TimeSpan.FromMinutes(1), "logs", "--no-color", service);

    /// <summary>Starts or stops storage replicas until there are so many, all healthy; the other containers stay as they are.</summary>
    public Task ScaleStorageAsync(int replicas) => _project.ComposeAsync(
        ComposeProject.UpDeadline, "up", "--detach", "--wait", "--no-recreate", "--scale", $"watch-hub={WatchHubs}", "--scale", $"storage={replicas}");

    /// <summary>Kills one container of a service, counted from 1.</summary>
    public Task KillAsync(string service, int number) => _project.DockerAsync("kill", $"{_project.Name}-{service}-{number}");

    protected override async Task LaunchAsync()
    {
        if (!_built)
            await _project.ComposeAsync(ComposeProject.BuildDeadline, "build");
        _built = true;
        try
        {
            await _project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait", "--scale", $"watch-hub={WatchHubs}");
        }
        catch (InvalidOperationException error)
        {
            _log = await _project.ComposeAsync(ComposeProject.UpDeadline, "logs", "--no-color");
            throw new InvalidOperationException($"{error.Message}\n{_log}", error);
        }
    }

    protected override Task StopAsync() => _project.ComposeAsync(ComposeProject.UpDeadline, "down", "--volumes", "--timeout", "10");

    protected override void ThrowIfDead()
    {
        // `up --wait` has seen every container healthy.
    }
}
