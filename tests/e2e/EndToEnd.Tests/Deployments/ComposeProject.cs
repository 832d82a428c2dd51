using System.Collections.Concurrent;

namespace EndToEnd.Tests.Deployments;

/// <summary>A compose file of ours, run as a project of its own under our image names.</summary>
/// <param name="file">Name of the file.</param>
/// <param name="variables">What the file is told, besides the names of the images.</param>
/// <param name="overlays">Names of compose files of ours that go on top of it, and paths of files with what is otherwise in this run.</param>
public sealed class ComposeProject(string file, IReadOnlyDictionary<string, string?> variables, params string[] overlays)
{
    /// <summary>A first build fetches and compiles everything.</summary>
    public static readonly TimeSpan BuildDeadline = TimeSpan.FromMinutes(12);

    public static readonly TimeSpan UpDeadline = TimeSpan.FromMinutes(4);

    private static readonly string s_folder = Path.Combine(Repository.Root, "deploy", "compose");

    // One image set for all runs on this machine, unless the caller says otherwise: of two working copies at work at one time each needs its own.
    private static readonly string s_imagePrefix = System.Environment.GetEnvironmentVariable("IMAGE_PREFIX") is { Length: > 0 } given ? given : "distributed-e2e";

    // Builds are of one project, whoever asks: compose writes its name into each image, and so what has not changed stays the same image, and what is replaced is known to be ours.
    private static readonly string s_builder = string.Concat(s_imagePrefix.ToLowerInvariant().Select(static letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');

    private static readonly ConcurrentDictionary<string, Lazy<Task>> s_builds = new();

    /// <summary>Its name: containers are called name-service-number, networks name_network.</summary>
    public string Name { get; private init; } = "e2e" + Guid.NewGuid().ToString("n")[..12];

    private IEnumerable<string> Files => overlays.Prepend(file).Select(static name => Path.Combine(s_folder, name));

    private Dictionary<string, string?> Environment => new(variables) { ["IMAGE_PREFIX"] = s_imagePrefix };

    /// <summary>The same project with more files on top of it: commands change what these change.</summary>
    public ComposeProject With(params string[] more) => new(file, variables, [.. overlays, .. more]) { Name = Name };

    /// <summary>Builds the images of its file, once for all projects of this process, and removes those of earlier builds that were replaced and that no container has.</summary>
    public Task BuildAsync() => s_builds.GetOrAdd(file, _ => new(BuildImagesAsync)).Value;

    private async Task BuildImagesAsync()
    {
        await new ComposeProject(file, variables) { Name = s_builder }.ComposeAsync(BuildDeadline, "build");
        try
        {
            await DockerAsync("image", "prune", "--force", "--filter", $"label=com.docker.compose.project={s_builder}");
        }
        catch (InvalidOperationException error) when (error.Message.Contains("a prune operation is already running", StringComparison.Ordinal))
        {
            // Somebody else's, and the engine does one at a time: the next build removes what this one has replaced.
        }
    }

    /// <summary>Runs a compose command to its end; returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; with what it said.</exception>
    public Task<string> ComposeAsync(TimeSpan deadline, params string[] command) => RunAsync(
        deadline,
        [
            "compose", .. Files.SelectMany(static path => (string[])["--file", path]),
            "--project-name", Name, .. command,
        ]);

    /// <summary>
    /// Runs a script of ours on this project to its end, told of it by the variables that tell docker compose. Returns its exit code and what it said.
    /// </summary>
    /// <param name="deadline">For all of it.</param>
    /// <param name="script">Its name.</param>
    /// <param name="arguments">What comes behind it.</param>
    public async Task<(int Code, string Out, string Err)> ScriptAsync(TimeSpan deadline, string script, params string[] arguments)
    {
        var environment = new Dictionary<string, string?>(Environment) { ["COMPOSE_FILE"] = string.Join(':', Files), ["COMPOSE_PROJECT_NAME"] = Name };
        await using var process = ChildProcess.Start(Path.Combine(s_folder, script), arguments, environment);
        process.Input.Close();
        var code = await process.WaitForExitAsync(deadline);
        return (code, process.Out, process.Err);
    }

    /// <summary>Stops every container within the grace that the engine gives by itself, and removes all that the project has.</summary>
    /// <exception cref="InvalidOperationException">One had to be killed.</exception>
    public async Task StopAsync()
    {
        try
        {
            await ComposeAsync(UpDeadline, "stop");
            var stopped = (await ComposeAsync(UpDeadline, "ps", "--all", "--format", "{{.Name}} {{.ExitCode}}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var killed = stopped.Where(static container => container.EndsWith(" 137", StringComparison.Ordinal)).ToList();
            if (killed.Count > 0)
                throw new InvalidOperationException($"killed after ten seconds, or for want of memory: {string.Join(", ", killed)}\n" + await ComposeAsync(UpDeadline, "logs", "--no-color", "--tail", "40"));
        }
        finally
        {
            await ComposeAsync(UpDeadline, "down", "--volumes", "--timeout", "0");
        }
    }

    /// <summary>Runs a command of the engine itself.</summary>
    public Task<string> DockerAsync(params string[] command) => RunAsync(TimeSpan.FromMinutes(1), command);

    private async Task<string> RunAsync(TimeSpan deadline, string[] command)
    {
        await using var docker = ChildProcess.Start("docker", command, Environment);
        docker.Input.Close();
        var code = await docker.WaitForExitAsync(deadline);
        return code == 0
            ? docker.Out
            : throw new InvalidOperationException($"docker {string.Join(' ', command)} ended with {code}:\n{docker.Out}\n{docker.Err}");
    }
}
