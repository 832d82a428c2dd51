using System.Runtime.InteropServices;

namespace Bench.Servers;

/// <summary>Every server that this process started, and the folder that holds their data. None outlives it: neither its end nor SIGINT or SIGTERM.</summary>
internal sealed class ServerPool : IDisposable
{
    private readonly List<Deployment> _running = [];
    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    /// <param name="parent">Gets the work folder; the disk under it is the one that is measured.</param>
    public ServerPool(string parent)
    {
        WorkFolder = Directory.CreateDirectory(Path.Combine(parent, $"bench-{Guid.NewGuid():N}")).FullName;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => EndAll());
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => EndAll());
    }

    public string WorkFolder { get; }

    /// <summary>Starts members and waits until they answer.</summary>
    public Deployment Start(ServerProgram program, int members)
    {
        var deployment = Deployment.Launch(program, members, Path.Combine(WorkFolder, $"{program.Name}-{Guid.NewGuid():N}"));
        lock (_gate)
            _running.Add(deployment);
        deployment.AwaitStart();
        return deployment;
    }

    public void Stop(Deployment deployment)
    {
        lock (_gate)
            _running.Remove(deployment);
        deployment.Dispose();
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        EndAll();
    }

    private void EndAll()
    {
        Deployment[] left;
        lock (_gate)
        {
            left = [.. _running];
            _running.Clear();
        }
        foreach (var deployment in left)
            deployment.Dispose();
        lock (_gate)
        {
            if (Directory.Exists(WorkFolder))
                Directory.Delete(WorkFolder, recursive: true);
        }
    }
}
