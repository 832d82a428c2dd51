using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Conformance.Harness;

namespace Conformance.Etcdctl;

/// <summary>One run of the unmodified etcdctl against one server: 3.5 with its v3 commands, or 3.4 with those of v2.</summary>
internal sealed partial class EtcdctlProcess : IAsyncDisposable
{
    private const int SigInt = 2;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly CancellationTokenSource _deadline;
    private readonly MemoryStream _output = new();
    private readonly Task _outputDone;
    private readonly Task<string> _errorOutput;
    private readonly Lock _lock = new();
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EtcdctlProcess(Target target, IEnumerable<string> arguments, TimeSpan? deadline = null, bool isV2 = false)
    {
        _deadline = new CancellationTokenSource(deadline ?? s_deadline);
        var start = new ProcessStartInfo(Peers.Require(isV2 ? "3.4" : "3.5", "etcdctl"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[$"--endpoints={(isV2 ? "http://" : "")}127.0.0.1:{target.ClientPort}", .. arguments])
            start.ArgumentList.Add(argument);
        // The environment must neither add flags nor draw warnings.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ETCD", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        if (isV2)
            start.Environment["ETCDCTL_API"] = "2";
        _process = Process.Start(start)!;
        _outputDone = ReadOutputAsync();
        _errorOutput = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>What it wrote to standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(_output.GetBuffer(), 0, (int)_output.Length);
        }
    }

    public async Task WriteAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits until the output satisfies the condition.</summary>
    /// <exception cref="TimeoutException">It did not within the deadline; with what came instead.</exception>
    public async Task WaitForOutputAsync(Func<string, bool> condition)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
                grown = _grown.Task;
            if (condition(Output))
                return;
            if (_outputDone.IsCompleted && !condition(Output))
                throw new InvalidOperationException($"etcdctl ended before the output that was waited for; it wrote:\n{Output}\n{await _errorOutput}");
            try
            {
                await Task.WhenAny(grown, _outputDone).WaitAsync(_deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"the output that was waited for did not come; etcdctl wrote:\n{Output}");
            }
        }
    }

    public Task WaitForLinesAsync(int count) => WaitForOutputAsync(text => text.Count(c => c == '\n') >= count);

    /// <summary>Ends it as Ctrl-C at a terminal does.</summary>
    public void Interrupt()
    {
        if (!_process.HasExited)
            _ = Kill(_process.Id, SigInt);
    }

    public async Task<CommandResult> ExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync(_deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"etcdctl did not end; it wrote:\n{Output}");
        }
        await _outputDone;
        return new(_process.ExitCode, _output.ToArray(), await _errorOutput);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        _deadline.Dispose();
    }

    private async Task ReadOutputAsync()
    {
        var buffer = new byte[4096];
        int read;
        while ((read = await _process.StandardOutput.BaseStream.ReadAsync(buffer)) > 0)
        {
            TaskCompletionSource grown;
            lock (_lock)
            {
                _output.Write(buffer, 0, read);
                grown = _grown;
                _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            grown.SetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
