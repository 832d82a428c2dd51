namespace Chaos.Tests.Harness;

/// <summary>A program that is run to its end.</summary>
internal static class Command
{
    /// <exception cref="InvalidOperationException">It failed; with what it said.</exception>
    public static async Task RunAsync(string program, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        var code = await process.WaitForExitAsync();
        if (code != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}: {process.Err}");
    }

    /// <summary>Where a program is, or null.</summary>
    public static string? Find(string program) => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
