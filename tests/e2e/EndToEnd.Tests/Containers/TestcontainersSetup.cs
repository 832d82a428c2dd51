using System.Runtime.CompilerServices;
using DotNet.Testcontainers.Configurations;

namespace EndToEnd.Tests.Containers;

/// <summary>Fits Testcontainers to the engine that is here; on an engine of today, which reaches a registry, nothing is changed.</summary>
internal static class TestcontainersSetup
{
    // The version of the engine's API that Testcontainers 4.16 asks for. Debian's engine has an older one, and refuses.
    private static readonly Version s_asksFor = new(1, 44);

    // The container that removes what a test run that was killed has left.
    private const string Reaper = "testcontainers/ryuk:0.14.0";

    private static readonly Lazy<Task> s_prepared = new(ReadEngineAsync);

    /// <summary>To be awaited before anything of Testcontainers is touched: it reads its environment once.</summary>
    public static Task PrepareAsync() => s_prepared.Value;

    private static async Task ReadEngineAsync()
    {
        const string Variable = "DOCKER_API_VERSION";
        var (code, has) = await DockerAsync("version", "--format", "{{.Server.APIVersion}}");
        Assert.True(code == 0, has);
        if (Environment.GetEnvironmentVariable(Variable) is null && Version.Parse(has) < s_asksFor)
            Environment.SetEnvironmentVariable(Variable, has);
        var isReaperHere = (await DockerAsync("image", "inspect", Reaper)).Code == 0 || (await DockerAsync("pull", "--quiet", Reaper)).Code == 0;
        if (!isReaperHere)
            DoWithoutReaper();
    }

    // By itself, so that nothing of Testcontainers is loaded before.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DoWithoutReaper() => TestcontainersSettings.ResourceReaperEnabled = false;

    private static async Task<(int Code, string Out)> DockerAsync(params string[] command)
    {
        await using var docker = ChildProcess.Start("docker", command);
        var code = await docker.WaitForExitAsync(TimeSpan.FromMinutes(2));
        return (code, docker.Out.Trim());
    }
}
