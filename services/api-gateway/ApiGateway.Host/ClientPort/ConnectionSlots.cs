using Hosting.Metrics;

namespace ApiGateway.Host.ClientPort;

/// <summary>
/// How many clients' connections the ports of a process may have open at one time. When there are so many, the next one waits in the system's queue until another is closed, as with etcd:
/// what files the process needs for itself it has. Thread-safe.
/// </summary>
public sealed class ConnectionSlots(int most) : IDisposable
{
    // Data file, log, members, other services, and some more.
    private const int FilesOfItsOwn = 512;

    private readonly SemaphoreSlim _free = new(most, most);

    public int Most => most;

    /// <summary>Connections that are open.</summary>
    public int Taken => most - _free.CurrentCount;

    /// <summary>As many as the process may have files open, less those that it needs.</summary>
    public static ConnectionSlots OfProcess()
    {
        var files = (int)Math.Min(ProcessFiles.Limit(), int.MaxValue);
        return new ConnectionSlots(Math.Max(1, Math.Max(files / 2, files - FilesOfItsOwn)));
    }

    /// <summary>Takes one if there is one.</summary>
    public bool TryTake() => _free.Wait(0);

    /// <summary>Takes one as soon as there is one.</summary>
    public Task TakeAsync(CancellationToken cancellation) => _free.WaitAsync(cancellation);

    public void GiveBack() => _free.Release();

    public void Dispose() => _free.Dispose();
}
