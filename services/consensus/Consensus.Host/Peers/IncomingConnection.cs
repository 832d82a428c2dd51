namespace Consensus.Host.Peers;

/// <summary>A connection that another member made to this one.</summary>
internal sealed class IncomingConnection
{
    private readonly TaskCompletionSource<Exclusion?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the caller is removed from the cluster, and with null when the connection is gone.</summary>
    public Task<Exclusion?> Excluded => _ended.Task;

    public void Exclude(Exclusion exclusion) => _ended.TrySetResult(exclusion);

    public void End() => _ended.TrySetResult(null);
}
