namespace LeaseManager.Host.Leadership;

/// <summary>A manager that is the only one of its cluster: the split deployment.</summary>
public sealed class AlwaysLeading : ILeadership
{
    public bool IsLeader => true;

    public bool IsElected => false;

    public Task WaitForChangeAsync(bool known, CancellationToken cancellation) =>
        known ? Task.Delay(Timeout.Infinite, cancellation) : Task.CompletedTask;
}
