using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace EndToEnd.Tests.Tools;

/// <summary>A program that a test started: its output line by line, its end, and signals to it by its id alone.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _out = Channel.CreateUnbounded<string>();
    private readonly Lock _guard = new();
    private readonly List<string> _allOut = [], _allErr = [];
    private readonly TaskCompletionSource _outEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _errEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data, _allOut, _outEnded, _out);
        _process.ErrorDataReceived += (_, line) => Take(line.Data, _allErr, _errEnded, null);
        Assert.True(_process.Start());
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Everything written to standard output so far.</summary>
    public string Out => Joined(_allOut);

    /// <summary>Everything written to standard error so far.</summary>
    public string Err => Joined(_allErr);

    /// <summary>Starts a program; <paramref name="environment"/> comes on top of ours, a null value removes a variable.</summary>
    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return new ChildProcess(start);
    }

    /// <summary>The next line of standard output.</summary>
    public async Task<string> ReadLineAsync(TimeSpan? deadline = null)
    {
        using var timeout = new CancellationTokenSource(deadline ?? TimeSpan.FromSeconds(15));
        try
        {
            return await _out.Reader.ReadAsync(timeout.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
        {
            throw new TimeoutException($"no further line of output. Before:\n{Out}\nErrors:\n{Err}");
        }
    }

    /// <summary>Waits for the end and for all output; returns the exit code (128 + signal when a signal ended it).</summary>
    public async Task<int> WaitForExitAsync(TimeSpan? deadline = null)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(30);
        try
        {
            await Task.WhenAll(_process.WaitForExitAsync(), _outEnded.Task, _errEnded.Task).WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"still running after {limit.TotalSeconds} s. Output:\n{Out}\nErrors:\n{Err}");
        }
        return _process.ExitCode;
    }

    public void Terminate() => Signal(15);

    public void Interrupt() => Signal(2);

    /// <summary>SIGKILL: the process does nothing more.</summary>
    public void Kill() => Signal(9);

    /// <summary>SIGSTOP: the process stands still; what it holds, connections included, stays.</summary>
    public void Freeze() => Signal(19);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Signal(18);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private void Signal(int number)
    {
        if (!_process.HasExited && kill(_process.Id, number) != 0 && !_process.HasExited)
            throw new InvalidOperationException($"kill({_process.Id}, {number}) failed with errno {Marshal.GetLastPInvokeError()}");
    }

    private void Take(string? line, List<string> all, TaskCompletionSource ended, Channel<string>? lines)
    {
        if (line is null)
        {
            lines?.Writer.TryComplete();
            ended.TrySetResult();
            return;
        }
        lock (_guard)
            all.Add(line);
        lines?.Writer.TryWrite(line);
    }

    private string Joined(List<string> lines)
    {
        lock (_guard)
            return string.Join('\n', lines);
    }

#pragma warning disable SYSLIB1054, CA2101, IDE1006 // One call of the C library; its own name.
    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);
#pragma warning restore SYSLIB1054, CA2101, IDE1006
}
