namespace Chaos.Tests.Harness.Disks;

/// <summary>
/// Stops all writes of a file system for most of the time (FIFREEZE): whoever syncs waits until the next gap. A process of its own does it, which lets
/// go for good when its input ends, so that not even the death of the tests leaves a disk frozen.
/// </summary>
public sealed class SlowDisk : IAsyncDisposable
{
    // read ends with more than 128 when its time is over, and with 1 at the end of input.
    private const string Script = """
        trap 'fsfreeze -u "$0" 2>/dev/null' EXIT
        PATH=$PATH:/usr/sbin:/sbin
        while fsfreeze -f "$0"; do
          read -r -t 0.15; ended=$?
          fsfreeze -u "$0"
          [ "$ended" -gt 128 ] || exit 0
          read -r -t 0.02; [ $? -gt 128 ] || exit 0
        done
        exit 1
        """;

    private readonly ChildProcess _process;

    internal SlowDisk(string path) => _process = ChildProcess.Start("bash", ["-c", Script, path], folder: "/");

    public async ValueTask DisposeAsync()
    {
        _process.Input.Close();
        var code = await _process.WaitForExitAsync();
        await _process.DisposeAsync();
        if (code != 0)
            throw new InvalidOperationException($"the disk was not slow all the time: {code} {_process.Err}");
    }
}
