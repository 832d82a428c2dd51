using Storage.Core.Keys;

namespace Storage.Host.Service;

/// <summary>Works on a pool thread.</summary>
public sealed class PoolWorker : IBatchWorker
{
    private Task _work = Task.CompletedTask;

    public void Begin(Action work) => _work = Task.Run(work);

    public void Wait() => _work.GetAwaiter().GetResult();
}
