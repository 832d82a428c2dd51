using System.Diagnostics;
using System.Net.Sockets;
using Bench.Http2;
using Bench.Workloads;

namespace Bench.Servers;

/// <summary>One member as a process, with a data directory of its own. Dispose ends it and deletes its data.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    private readonly ServerProgram _program;
    private readonly ProcessStartInfo _start;
    private readonly string _folder;
    private Process _process;
    private bool _isSuspended;

    private ServerProcess(ServerProgram program, MemberAddress address, string folder, string cluster)
    {
        (_program, Address, _folder) = (program, address, folder);
        var (client, peer) = (MemberAddress.Url(address.Client), MemberAddress.Url(address.Peer));
        // The shell only points the output at a file and then becomes the server: no pipe that we would have to drain.
        _start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", Path.Combine(folder, "log"), program.File, .. program.Prefix,
            "--name", address.Name, "--data-dir", Path.Combine(folder, "data"),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster,
        ]);
        foreach (var (name, value) in program.Environment)
            _start.Environment[name] = value;
        _process = Launch();
    }

    public MemberAddress Address { get; }

    public int ProcessId => _process.Id;

    /// <summary>Starts a member of a cluster. It may answer only once a majority of the others has started.</summary>
    /// <param name="program">What to start.</param>
    /// <param name="address">Which member it is.</param>
    /// <param name="folder">Gets its data and its output; must not exist.</param>
    /// <param name="cluster">All members, as <c>--initial-cluster</c> takes them.</param>
    public static ServerProcess Start(ServerProgram program, MemberAddress address, string folder, string cluster)
    {
        Directory.CreateDirectory(folder);
        return new ServerProcess(program, address, folder, cluster);
    }

    /// <summary>Freezes the process while another one is measured: it then costs nothing.</summary>
    public void Suspend()
    {
        Signals.Send(_process.Id, Signals.Stop);
        _isSuspended = true;
    }

    /// <summary>Lets it run again.</summary>
    public void Resume()
    {
        if (!_isSuspended)
            return;
        Signals.Send(_process.Id, Signals.Continue);
        _isSuspended = false;
    }

    /// <summary>Bytes of all its files.</summary>
    public long DataBytes() => new DirectoryInfo(_folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static file => file.Length);

    /// <summary>Asks it to end; <see cref="Dispose"/> waits for that.</summary>
    public void Terminate()
    {
        if (_process.HasExited)
            return;
        Resume();
        Signals.Send(_process.Id, Signals.Terminate);
    }

    /// <summary>Ends it at once, as a crash would; its data stay. Does not wait: what the others make of it is what counts.</summary>
    public void Kill() => Signals.Send(_process.Id, Signals.Kill);

    /// <summary>Asks it to end and waits until it has; its data stay.</summary>
    public void Stop()
    {
        Terminate();
        if (!_process.WaitForExit(StopTimeout))
            throw new BenchException($"{_program.Name} did not stop within {StopTimeout.TotalSeconds} s");
    }

    /// <summary>Starts it again, with its data, after <see cref="Kill"/> or <see cref="Stop"/>.</summary>
    public void Restart()
    {
        _process.WaitForExit();
        _process.Dispose();
        _process = Launch();
    }

    /// <summary>Waits until it answers a put.</summary>
    public void AwaitAnswer()
    {
        // The port opens at an unknown moment, so it is tried again and again: a refused connection costs microseconds.
        var start = Stopwatch.GetTimestamp();
        var problem = "";
        var target = new Target([Address.Client], []);
        while (Stopwatch.GetElapsedTime(start) < ReadyTimeout)
        {
            if (_process.HasExited)
                throw new BenchException($"{_program.Name} ended with code {_process.ExitCode}; its last output:\n{LogTail()}");
            try
            {
                if (LoadRunner.TryOnePut(target, out problem))
                    return;
            }
            catch (Exception e) when (e is SocketException or Http2Exception)
            {
                problem = e.Message;
            }
            _process.WaitForExit(5);
        }
        throw new BenchException($"{_program.Name} did not answer a put within {ReadyTimeout.TotalSeconds} s ({problem}); its last output:\n{LogTail()}");
    }

    public void Dispose()
    {
        Terminate();
        if (!_process.HasExited && !_process.WaitForExit(StopTimeout))
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Process Launch() => Process.Start(_start) ?? throw new BenchException($"{_program.Name} did not start");

    private string LogTail() => string.Join('\n', File.ReadLines(Path.Combine(_folder, "log")).TakeLast(10));
}
