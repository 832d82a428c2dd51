namespace EndToEnd.Tests.Deployments;

/// <summary>A compose file of ours, run as a project of its own under our image names.</summary>
/// <param name="file">Name of the file.</param>
/// <param name="variables">What the file is told, besides the names of the images.</param>
/// <param name="changes">Path of a compose file with what is otherwise in this run; null is nothing.</param>
public sealed class ComposeProject(string file, IReadOnlyDictionary<string, string?> variables, string? changes = null)
{
    /// <summary>A first build fetches and compiles everything.</summary>
    public static readonly TimeSpan BuildDeadline = TimeSpan.FromMinutes(12);

    public static readonly TimeSpan UpDeadline = TimeSpan.FromMinutes(4);

    // One image set for all runs on this machine, so that unchanged layers come from the builder's cache.
    private const string ImagePrefix = "distributed-e2e";

    /// <summary>Its name: containers are called name-service-number, networks name_network.</summary>
    public string Name { get; } = "e2e" + Guid.NewGuid().ToString("n")[..12];

    /// <summary>Runs a compose command to its end; returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; with what it said.</exception>
    public Task<string> ComposeAsync(TimeSpan deadline, params string[] command) => RunAsync(
        deadline,
        [
            "compose", "--file", Path.Combine(Repository.Root, "deploy", "compose", file), .. changes is null ? [] : (string[])["--file", changes],
            "--project-name", Name, .. command,
        ]);

    /// <summary>Runs a command of the engine itself.</summary>
    public Task<string> DockerAsync(params string[] command) => RunAsync(TimeSpan.FromMinutes(1), command);

    private async Task<string> RunAsync(TimeSpan deadline, string[] command)
    {
        var environment = new Dictionary<string, string?>(variables) { ["IMAGE_PREFIX"] = ImagePrefix };
        await using var docker = ChildProcess.Start("docker", command, environment);
        docker.Input.Close();
        var code = await docker.WaitForExitAsync(deadline);
        return code == 0
            ? docker.Out
            : throw new InvalidOperationException($"docker {string.Join(' ', command)} ended with {code}:\n{docker.Out}\n{docker.Err}");
    }
}
