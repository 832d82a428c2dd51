using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Bench.Http2;
using Bench.Workloads;

namespace Bench.Compare;

/// <summary>A running single member on loopback with a fresh data directory. Dispose ends it and deletes its data.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private const int StopSignal = 19;
    private const int ContinueSignal = 18;
    private const int TerminateSignal = 15;
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly string _folder;
    private bool _isSuspended;

    private ServerProcess(ServerProgram program, Process process, string folder, Uri endpoint)
    {
        (Program, _process, _folder) = (program, process, folder);
        Target = new Target(endpoint, process.Id);
    }

    public ServerProgram Program { get; }

    public Target Target { get; }

    /// <summary>From the start of the process to its first answered put.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>Starts the program and waits for its first answered put.</summary>
    public static ServerProcess Start(ServerProgram program, string workFolder)
    {
        var folder = Path.Combine(workFolder, $"{program.Name}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        var (clientPort, peerPort) = FreePorts();
        var (client, peer) = (string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{clientPort}"), string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{peerPort}"));
        // The shell only points the output at a file and then becomes the server: no pipe that we would have to drain.
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1", "sh", Path.Combine(folder, "log"), program.File, .. program.Prefix,
            "--name", "bench", "--data-dir", Path.Combine(folder, "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"bench={peer}",
        ]);
        var started = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new BenchException($"{program.Name} did not start");
        var server = new ServerProcess(program, process, folder, new Uri(client));
        try
        {
            server.AwaitAnswer();
        }
        catch
        {
            server.Dispose();
            throw;
        }
        server.StartTime = Stopwatch.GetElapsedTime(started);
        return server;
    }

    /// <summary>Freezes the process while the other one is measured: it then costs nothing.</summary>
    public void Suspend()
    {
        Send(StopSignal);
        _isSuspended = true;
    }

    /// <summary>Lets it run again and waits until it answers.</summary>
    public void Resume()
    {
        if (!_isSuspended)
            return;
        Send(ContinueSignal);
        _isSuspended = false;
        AwaitAnswer();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            if (_isSuspended)
                Send(ContinueSignal);
            Send(TerminateSignal);
            if (!_process.WaitForExit(StopTimeout))
            {
                _process.Kill();
                _process.WaitForExit();
            }
        }
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // The port opens at an unknown moment, so it is tried again and again: a refused connection costs microseconds.
    private void AwaitAnswer()
    {
        var start = Stopwatch.GetTimestamp();
        var problem = "";
        while (Stopwatch.GetElapsedTime(start) < ReadyTimeout)
        {
            if (_process.HasExited)
                throw new BenchException($"{Program.Name} ended with code {_process.ExitCode}; its last output:\n{LogTail()}");
            try
            {
                if (LoadRunner.TryOnePut(Target, out problem))
                    return;
            }
            catch (Exception e) when (e is SocketException or Http2Exception)
            {
                problem = e.Message;
            }
            _process.WaitForExit(5);
        }
        throw new BenchException($"{Program.Name} did not answer a put within {ReadyTimeout.TotalSeconds} s ({problem}); its last output:\n{LogTail()}");
    }

    private string LogTail() => string.Join('\n', File.ReadLines(Path.Combine(_folder, "log")).TakeLast(10));

    private void Send(int signal)
    {
        if (Kill(_process.Id, signal) != 0)
            throw new Win32Exception();
    }

    // Both stay bound until both are known, so they differ. Another process may still take one in between; the start then fails loudly.
    private static (int Client, int Peer) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
