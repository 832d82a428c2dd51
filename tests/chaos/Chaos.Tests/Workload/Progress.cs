namespace Chaos.Tests.Workload;

/// <summary>Counts acknowledged writes, and wakes who waits for more of them.</summary>
public sealed class Progress
{
    private readonly Lock _guard = new();
    private readonly List<(long Target, TaskCompletionSource Reached)> _waiting = [];
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Acknowledge()
    {
        lock (_guard)
        {
            _count++;
            _waiting.RemoveAll(waiter =>
            {
                if (waiter.Target > _count)
                    return false;
                waiter.Reached.SetResult();
                return true;
            });
        }
    }

    /// <summary>Completes after so many more.</summary>
    public Task MoreAsync(long count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_guard)
            _waiting.Add((_count + count, reached));
        return reached.Task;
    }
}
