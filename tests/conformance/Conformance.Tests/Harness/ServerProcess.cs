using System.Collections.Concurrent;
using System.Diagnostics;
using EndToEnd.Tests.Tools;

namespace Conformance.Harness;

/// <summary>
/// One running single-member server on loopback ports of its own, with a temporary data directory.
/// Disposing it kills the process by its handle and removes the directory.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(90);
    private const int KeptLogLines = 100;

    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly ConcurrentQueue<string> _log = new();

    private ServerProcess(ServerProgram program)
    {
        Program = program;
        _folder = Directory.CreateTempSubdirectory("conformance-");
        var ports = Ports.Free(2);
        (ClientPort, PeerPort) = (ports[0], ports[1]);
        _process = new Process { StartInfo = StartInfo() };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public ServerProgram Program { get; }

    public int ClientPort { get; }

    public int PeerPort { get; }

    /// <summary>The last lines that the process wrote.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Starts the program and returns once <c>/health</c> says that it serves.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not become healthy within its deadline; with its last log lines.</exception>
    public static async Task<ServerProcess> StartAsync(ServerProgram program)
    {
        var server = new ServerProcess(program);
        try
        {
            await server.StartAndAwaitHealthAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (HasStarted() && !_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private ProcessStartInfo StartInfo()
    {
        var client = $"http://127.0.0.1:{ClientPort}";
        var peer = $"http://127.0.0.1:{PeerPort}";
        var start = new ProcessStartInfo(Program.FileName)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        string[] flags =
        [
            "--name", Target.MemberName,
            "--data-dir", Path.Combine(_folder.FullName, "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", $"{Target.MemberName}={peer}",
            "--log-level", "error",
        ];
        foreach (var argument in (string[])[.. Program.FirstArguments, .. flags, .. Program.ExtraFlags, .. Program.SharedFlags])
            start.ArgumentList.Add(argument);
        // A variable and a flag of the same name are a fatal conflict for etcd.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ETCD", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        return start;
    }

    private async Task StartAndAwaitHealthAsync()
    {
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ClientPort}") };
        using var deadline = new CancellationTokenSource(s_startDeadline);
        while (!await IsHealthyAsync(http, deadline.Token))
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"{Program.Label} ended with exit code {_process.ExitCode}:\n{Log}");
            if (deadline.IsCancellationRequested)
                throw new InvalidOperationException($"{Program.Label} is not healthy after {s_startDeadline}:\n{Log}");
            await Task.Delay(20);
        }
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, CancellationToken deadline)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative), deadline);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private bool HasStarted()
    {
        try
        {
            return _process.Id > 0;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _log.Enqueue(line);
        while (_log.Count > KeptLogLines)
            _log.TryDequeue(out _);
    }
}
