namespace EndToEnd.Tests.Deployments;

/// <summary>The five services as containers, with the compose file that users run; a project of its own on free ports.</summary>
public sealed class ComposeDeployment : Deployment
{
    private static readonly TimeSpan BuildDeadline = TimeSpan.FromMinutes(12), UpDeadline = TimeSpan.FromMinutes(3);

    // One image set for all runs on this machine, so that unchanged layers come from the builder's cache.
    private const string ImagePrefix = "distributed-e2e";

    private readonly string _project = "e2e" + Guid.NewGuid().ToString("n")[..12];
    private readonly int[] _ports = Ports.Free(2);
    private bool _built;
    private string _log = "";

    /// <summary>Copies of the watch hub; set before the start.</summary>
    public int WatchHubs { get; init; } = 1;

    public override Uri Client => new($"http://127.0.0.1:{_ports[0]}/");

    public override Uri OldClient => new($"http://127.0.0.1:{_ports[1]}/");

    public override string Log => _log;

    /// <summary>Logs of all copies of a service, each line prefixed by the name of its container.</summary>
    public Task<string> LogsOfAsync(string service) => ComposeAsync(TimeSpan.FromMinutes(1), "logs", "--no-color", service);

    protected override async Task LaunchAsync()
    {
        if (!_built)
            await ComposeAsync(BuildDeadline, "build");
        _built = true;
        try
        {
            await ComposeAsync(UpDeadline, "up", "--detach", "--wait", "--scale", $"watch-hub={WatchHubs}");
        }
        catch (InvalidOperationException error)
        {
            _log = await ComposeAsync(UpDeadline, "logs", "--no-color");
            throw new InvalidOperationException($"{error.Message}\n{_log}", error);
        }
    }

    protected override Task StopAsync() => ComposeAsync(UpDeadline, "down", "--volumes", "--timeout", "10");

    protected override void ThrowIfDead()
    {
        // `up --wait` has seen every container healthy.
    }

    private async Task<string> ComposeAsync(TimeSpan deadline, params string[] command)
    {
        var environment = new Dictionary<string, string?>
        {
            ["CLIENT_PORT"] = _ports[0].ToString(),
            ["CLIENT_PORT_OLD"] = _ports[1].ToString(),
            ["PUBLISH_ADDRESS"] = "127.0.0.1",
            ["IMAGE_PREFIX"] = ImagePrefix,
            ["LOG_LEVEL"] = "debug",
        };
        await using var docker = ChildProcess.Start(
            "docker", ["compose", "--file", Path.Combine(Repository.Root, "deploy", "compose", "compose.yaml"), "--project-name", _project, .. command], environment);
        docker.Input.Close();
        var code = await docker.WaitForExitAsync(deadline);
        return code == 0
            ? docker.Out
            : throw new InvalidOperationException($"docker compose {string.Join(' ', command)} ended with {code}:\n{docker.Out}\n{docker.Err}");
    }
}
