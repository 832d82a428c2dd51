namespace EndToEnd.Tests.Clients;

/// <summary>What a run of etcdctl gave.</summary>
public sealed record EtcdctlResult(int ExitCode, string Out, string Err);

/// <summary>Real etcdctl 3.5, pointed at one deployment.</summary>
public sealed class Etcdctl(Uri endpoint)
{
    // Nothing of the caller's own etcdctl settings may leak in.
    private static readonly Dictionary<string, string?> Environment =
        System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("ETCDCTL_", StringComparison.Ordinal) && name != "ETCDCTL_API")
            .ToDictionary(name => name, _ => (string?)null)
            .Append(new("ETCDCTL_API", "3"))
            .ToDictionary();

    /// <summary>Starts it and leaves it running: watch, lock, elect.</summary>
    public ChildProcess Start(params string[] arguments) =>
        ChildProcess.Start(Toolbox.Etcdctl, ["--endpoints", endpoint.ToString().TrimEnd('/'), .. arguments], Environment);

    /// <summary>Runs it to its end.</summary>
    public async Task<EtcdctlResult> RunAsync(string[] arguments, string? input = null)
    {
        await using var process = Start(arguments);
        if (input is not null)
            await process.Input.WriteAsync(input);
        process.Input.Close();
        var code = await process.WaitForExitAsync();
        return new(code, process.Out, process.Err);
    }

    /// <summary>Runs it and expects success; returns what it printed.</summary>
    public async Task<string> OutputAsync(params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.True(result.ExitCode == 0, $"etcdctl {string.Join(' ', arguments)} ended with {result.ExitCode}: {result.Err}");
        return result.Out;
    }
}
