namespace EndToEnd.Tests.Deployments;

/// <summary>Processes of this machine, in the order in which they are started.</summary>
public abstract class ProcessDeployment : Deployment
{
    private readonly List<ChildProcess> _processes = [];
    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(2);
    private string _earlier = "";

    /// <summary>Variables of every process: a test adds its own before the start.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    public override Uri Client => new($"http://127.0.0.1:{_ports[0]}/");

    public override Uri OldClient => new($"http://127.0.0.1:{_ports[1]}/");

    public override string Log => _earlier + string.Join('\n', _processes.Select(process => process.Err + process.Out));

    /// <summary>Where the processes run and keep their data.</summary>
    public string Folder => _folder.Path;

    protected IReadOnlyList<ChildProcess> Processes => _processes;

    /// <summary>SIGKILL to every process, and waits until they are gone.</summary>
    public async Task KillAsync()
    {
        foreach (var process in _processes)
            process.Kill();
        foreach (var process in _processes)
        {
            await process.WaitForExitAsync();
            _earlier += process.Err + "\n--- killed ---\n";
            await process.DisposeAsync();
        }
        _processes.Clear();
    }

    /// <summary>SIGTERM to every process, and waits until they are gone; what they said stays.</summary>
    public async Task StopForGoodAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            process.Terminate();
        foreach (var process in _processes)
        {
            await process.WaitForExitAsync(TimeSpan.FromSeconds(20));
            _earlier += process.Err + process.Out + "\n--- stopped ---\n";
            await process.DisposeAsync();
        }
        _processes.Clear();
    }

    protected ChildProcess Add(string program, IEnumerable<string> arguments)
    {
        var process = ChildProcess.Start(program, arguments, Environment, Folder);
        _processes.Add(process);
        return process;
    }

    protected override async Task StopAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            process.Terminate();
        foreach (var process in _processes)
        {
            try
            {
                await process.WaitForExitAsync(TimeSpan.FromSeconds(20));
            }
            finally
            {
                await process.DisposeAsync(); // Kills what did not stop; the test then fails by the exception.
            }
        }
        _processes.Clear();
        _folder.Dispose();
    }

    protected override void ThrowIfDead()
    {
        if (_processes.Any(process => process.HasExited))
            throw new InvalidOperationException($"a process of {GetType().Name} ended:\n{Log}");
    }
}
