using LeaseManager.Host.Leadership;

namespace LeaseManager.Tests.Fakes;

/// <summary>Leads when told to.</summary>
internal sealed class FakeLeadership : ILeadership
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isLeader;

    public bool IsLeader
    {
        get => _isLeader;
        set
        {
            lock (_gate)
            {
                _isLeader = value;
                _changed.TrySetResult();
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    public Task WaitForChangeAsync(bool known, CancellationToken cancellation)
    {
        lock (_gate)
            return _isLeader != known ? Task.CompletedTask : _changed.Task.WaitAsync(cancellation);
    }
}
